#!/usr/bin/env python3
"""NATS Files on the command line; ``manage.py help`` lists the commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nats_files.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"NATS Files cannot start. {error}")


if __name__ == "__main__":
    main()
