"""Prints what pyproject.toml requires, one requirement a line, with the extras that are named as arguments."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(__file__).parent.parent.joinpath("pyproject.toml").read_text())["project"]
wanted = [*project["dependencies"], *(line for extra in sys.argv[1:] for line in project["optional-dependencies"][extra])]
sys.stdout.writelines(f"{line}\n" for line in wanted)
