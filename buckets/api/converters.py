"""Path converters."""


class AnyName:
    """Everything that is left of the path, whatever it holds: "/", "//", "..", a newline, a trailing slash."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
