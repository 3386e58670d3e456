"""The places where a fault may reach into the FM1280 framing; `FramingHooks` itself changes nothing."""


class FramingHooks:
    """What a sound chip does at each place; a fault overrides one. One object belongs to one slave."""

    def acknowledges(self) -> bool:
        """Return whether the chip answers to its address."""
        return True

    def extensions(self, configured: int) -> int | None:
        """Return how many waiting-time extensions go before an answer; None is without end."""
        return configured

    def frame(self, frame: bytes, repeat: int) -> bytes:
        """Return the answer frame on the bus; `repeat` is 0 at first, then counts the repeats asked for."""
        del repeat
        return frame


class BccWrongAlways(FramingHooks):
    """The check byte of every answer is wrong."""

    def frame(self, frame: bytes, repeat: int) -> bytes:
        return _wrong_bcc(super().frame(frame, repeat))


class BccWrongOnce(FramingHooks):
    """The check byte of every answer is wrong the first time, and right when the host asks again."""

    def frame(self, frame: bytes, repeat: int) -> bytes:
        return frame if repeat else _wrong_bcc(frame)


class NakForever(FramingHooks):
    """Nothing answers at the address."""

    def acknowledges(self) -> bool:
        return False


class WtxForever(FramingHooks):
    """The chip asks for more time without end."""

    def extensions(self, configured: int) -> int | None:
        del configured
        return None


def _wrong_bcc(frame: bytes) -> bytes:
    return frame[:-1] + bytes((frame[-1] ^ 0x01,))
