"""The one error of `harness.id2`: something is not ID² as its rules say."""


class Id2Error(ValueError):
    """A value breaks an ID² rule; the message names the field, and the position where there is one.

    The text of the message never holds a key. Text that a device sent is quoted shortened and escaped, so the
    message may be printed anywhere.

    Attributes:
        field: Name of the field that is wrong (`device_random`, `sign`, `key` …), empty when it is the whole
            value.
        position: Offset of the first wrong character or byte inside the whole value, when that is known.
    """

    def __init__(self, message: str, *, field: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.position = position


def quoted(text: str, limit: int = 48) -> str:
    """Return hostile text in quotes, escaped to printable ASCII and shortened to `limit` characters."""
    shown = text if len(text) <= limit else text[:limit]
    body = "".join(
        char if " " <= char <= "~" and char not in "'\\" else char.encode("unicode_escape").decode()
        for char in shown
    )
    body = body.replace("'", "\\x27")
    return f"'{body}'" if shown == text else f"'{body}…' ({len(text)} characters)"
