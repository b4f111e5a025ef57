"""Which version of NATS Files this is; that of pyproject.toml."""

VERSION = "0.1.0"
