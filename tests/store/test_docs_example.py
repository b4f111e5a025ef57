"""The example in the documentation runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.natsserver import NatsServer

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.current_server


def test_the_engine_is_used_without_django(fresh_nats_server: NatsServer) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/engine.md").read_text(), re.DOTALL)
    body = example.split("async def main() -> None:\n")[1].split("\n\nasyncio.run")[0]
    assert len(body.splitlines()) <= 10
    program = example.replace("nats://127.0.0.1:4222", fresh_nats_server.url) + "\nimport sys\nassert 'django' not in sys.modules\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("b'hello'\n", 0), done.stderr
