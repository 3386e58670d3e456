"""How fast a session reads from its device: not at all while somebody cannot follow, and no faster than it may send."""

import asyncio


class Flow:
    """Holds a transport's reading back for as long as there is a reason to."""

    def __init__(self, records_per_s: float | None) -> None:
        """Begin with as many records allowed at once as in a second.

        Args:
            records_per_s: What a device may send; None for as fast as it comes.
        """
        self._rate = records_per_s
        self._loop = asyncio.get_running_loop()
        self._tokens = records_per_s or 0.0
        self._filled = self._loop.time()
        self._reasons: set[str] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def begin(self, transport: asyncio.Transport) -> None:
        """Take the transport of a connection that was made."""
        self._transport = transport

    @property
    def held(self) -> bool:
        """Whether there is a reason not to read."""
        return bool(self._reasons)

    def hold(self, why: str, *, yes: bool) -> None:
        """Stop reading for a reason, or drop that reason."""
        held = bool(self._reasons)
        if yes:
            self._reasons.add(why)
        else:
            self._reasons.discard(why)
        transport = self._transport
        if bool(self._reasons) == held or transport is None or transport.is_closing():
            return
        if self._reasons:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def count(self, records: int) -> None:
        """Count what came; a device that sends more than it may is read more slowly, and pays itself."""
        if self._rate is None:
            return
        now = self._loop.time()
        self._tokens = min(self._rate, self._tokens + (now - self._filled) * self._rate) - records
        self._filled = now
        if self._tokens < 0 and self._resume is None:
            self.hold("flood", yes=True)
            self._resume = self._loop.call_later(-self._tokens / self._rate, self._go_on)

    def end(self) -> None:
        """Read whatever still comes: the session is over, and only its end is waited for."""
        if self._resume is not None:
            self._resume.cancel()
        self._rate = None
        for why in tuple(self._reasons):
            self.hold(why, yes=False)

    def _go_on(self) -> None:
        self._resume = None
        self.hold("flood", yes=False)
