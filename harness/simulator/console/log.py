"""The log lines of the vendor's SDK 3.1.0, as a simulated board prints them.

The numbers behind the function names are source lines of that release; they mean nothing.
Source: device-protocol.md i.1.
"""

_PREFIX = "<LS_LOG> "
_ROW = 16
_GAP = 8


class SdkError(Exception):
    """A call of the SDK ended with this result code (negative)."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class SdkLog:
    """Collects what is printed until somebody takes it."""

    def __init__(self) -> None:
        self._text: list[str] = []

    def line(self, text: str = "") -> None:
        """Print a line with the prefix of all SDK output."""
        self._text.append(f"{_PREFIX}{text}\n")

    def raw(self, text: str) -> None:
        """Print text as it is."""
        self._text.append(text)

    def tell(self, function: str, number: int, text: str) -> None:
        """Print a line of a function."""
        self.line(f"{function} {number}: {text}")

    def tell_error(self, function: str, number: int, text: str) -> None:
        """Print an error line of a function."""
        self.line(f"{function} {number}: ERROR: {text}")

    def chip(self, text: str) -> None:
        """Print a line of the SE adapter."""
        self.line(f"ID2=> {text}")

    def chip_error(self, text: str) -> None:
        """Print an error line of the SE adapter."""
        self.line(f"ERROR: ID2=> {text}")

    def dump(self, title: str, data: bytes) -> None:
        """Print bytes in rows of 16, a wider gap after the 8th."""
        self.chip(f"{title} [length = 0x{len(data):04x}]")
        for start in range(0, len(data), _ROW):
            row = data[start : start + _ROW]
            self.chip("".join(f"{byte:02X} " + "  " * (at == _GAP - 1) for at, byte in enumerate(row)))

    def take(self) -> str:
        """Return what was printed since the last call."""
        text = "".join(self._text)
        self._text.clear()
        return text
