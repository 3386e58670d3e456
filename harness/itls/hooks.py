"""Where a side that misbehaves on purpose takes hold of its records and its stream."""

from harness.itls.records import ContentType, Protection


class Hooks:
    """Where a side that misbehaves on purpose takes hold of what goes out; this one changes nothing."""

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        """Act before a record is protected; `protection` is None while records travel in clear."""

    def tail(self, kind: ContentType, mac: bytes, padding: bytes) -> bytes:
        """Return what is encrypted behind the content of a record: its MAC, and padding up to whole blocks."""
        del kind
        return mac + padding

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Return what goes out instead of a record, header and all; nothing keeps it back."""
        del kind, encrypted
        return data

    def stream(self, sent: int, data: bytes) -> bytes:
        """Return what goes out of the next bytes; less than `data` cuts the stream off there.

        Args:
            sent: How many bytes went out before.
            data: The next ones.
        """
        del sent
        return data

    def hangs_up(self, sent: int) -> bool:
        """Return whether the stream ends without an alert, now that `sent` bytes went out."""
        del sent
        return False
