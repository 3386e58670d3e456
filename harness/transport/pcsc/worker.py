"""The thread in which PC/SC is called: its calls know no time limit."""

import queue
import threading
import weakref

from harness.errors import BenchError
from harness.transport.base import CardReset, Exchange
from harness.transport.errors import CardAbsent, Silent
from harness.transport.pcsc.calls import (
    PROTOCOLS,
    SCOPE_SYSTEM,
    SHARES,
    CardProtocol,
    Ending,
    Scard,
    Share,
    check,
    choose,
    list_readers,
)
from harness.transport.pcsc.codes import PcscCode
from harness.transport.pcsc.usb_port import usb_port_of
from harness.transport.usb.port import UsbPort

_STOP_TIME = 1.0  # seconds that `stop` waits for a call that is under way


_ABSENT = 0x02  # bits of the state that SCardStatus gives, as pcsc-lite numbers them
_TALKING = 0x10 | 0x20 | 0x40  # powered, negotiable or specific: a card that was reset and can be asked

_STUCK: "weakref.WeakSet[PcscWorker]" = weakref.WeakSet()
"""Workers of this process whose call came too late, or not yet."""


class Connect:
    """The first job of a worker."""


# What is put into an answer first counts. A future would do, and cost more: it waits in Python.
_Answer = queue.SimpleQueue[bytes | Exception]
_Job = tuple[Exchange | CardReset | Connect, _Answer]


class PcscWorker:
    """The thread that makes the calls of one connection, one after the other."""

    def __init__(self, calls: Scard, wanted: str, share: Share, protocol: CardProtocol) -> None:
        self._calls = calls
        self._wanted = wanted
        self._share = SHARES[share]
        self._asked = PROTOCOLS[protocol]
        self._context: int | None = None
        self._card: int | None = None
        self._active = 0
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: _Answer | None = None
        self._late = False
        self._stopped = False
        self.place = wanted
        self.usb_port: UsbPort | None = None
        self._thread = threading.Thread(target=self._work, name="pcsc", daemon=True)
        self._thread.start()

    @property
    def protocol_name(self) -> str:
        """The protocol that reader and card agreed on."""
        return {1: "T=0", 2: "T=1"}.get(self._active, f"protocol {self._active}")

    def run(self, job: Exchange | CardReset | Connect, limit: float) -> bytes:
        """Have a job done and return its outcome, which came within `limit` seconds."""
        if self._late:
            raise BenchError(
                f"{self.place}: still busy with a command that came too late",
                hint="close it and open it anew",
            )
        answer: _Answer = queue.SimpleQueue()
        self._waiting = answer
        self._jobs.put((job, answer))
        if self._stopped:  # `stop` may have looked just before
            answer.put(self._closed())
        try:
            outcome = answer.get(timeout=max(0.0, limit))
        except queue.Empty:
            self._late = True
            _STUCK.add(self)
            raise Silent(
                f"{self.place}: no answer within {limit:g} s",
                hint="does the card hang? take it out and put it back, or power-cycle the reader",
            ) from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def holds(self, place: str) -> bool:
        """Tell whether a call of this worker still hangs in this reader."""
        return self.place == place and self._thread.is_alive()

    def stop(self) -> None:
        """Wake who waits, and end the connection; a call that hangs ends it later."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.put(self._closed())
        self._jobs.put(None)
        self._thread.join(_STOP_TIME)  # so that whoever opens the reader next finds it free

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            what, answer = job
            try:
                answer.put(self._do(what))
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
                answer.put(error)
        if self._card is not None:
            self._calls.SCardDisconnect(
                self._card, Ending.RESET if self._share == SHARES[Share.EXCLUSIVE] else Ending.LEAVE
            )
        if self._context is not None:
            self._calls.SCardReleaseContext(self._context)

    def _do(self, job: Exchange | CardReset | Connect) -> bytes:
        if isinstance(job, Connect):
            return self._connect()
        card = self._card
        if card is None:
            raise BenchError(f"{self.place}: not connected")
        if isinstance(job, CardReset):
            code, self._active = self._calls.SCardReconnect(card, self._share, self._asked, Ending.UNPOWER)
            self._check(code, "power-cycling the card")
            return self._atr(card)
        code, answer = self._calls.SCardTransmit(card, self._active, list(job.command))
        self._check(code, "waiting for the answer")
        if not answer:
            self._explain_nothing(card)
        return bytes(answer)

    def _explain_nothing(self, card: int) -> None:
        """Ask what became of a card whose answer is empty and yet called a success: no card answers so."""
        code, _reader, state, _protocol, _atr = self._calls.SCardStatus(card)
        self._check(code, "asking why the answer was empty")
        if state & _ABSENT:
            raise CardAbsent(f"{self.place}: the card was taken out", hint="put it back, then open anew")
        if state and not state & _TALKING:
            raise BenchError(
                f"{self.place}: the card is mute or without power (state {state:#x}): its answer was empty",
                hint="check how the card lies in the reader, and its contacts; then open anew",
            )
        raise Silent(
            f"{self.place}: the reader calls an empty answer a success",
            hint="check the card's contacts; power-cycle the reader",
        )

    def _connect(self) -> bytes:
        code, context = self._calls.SCardEstablishContext(SCOPE_SYSTEM)
        self._check(code, "asking the PC/SC service")
        self._context = context
        code, readers = list_readers(self._calls, context)
        self._check(code, "listing readers")
        self.place = choose(self._wanted, readers)
        code, card, self._active = self._calls.SCardConnect(context, self.place, self._share, self._asked)
        if code & 0xFFFFFFFF == PcscCode.SHARING_VIOLATION and any(each.holds(self.place) for each in _STUCK):
            raise BenchError(
                f"{self.place}: this run itself still has the card: a command that it sent has not come back, and the "
                "PC/SC service cannot take it back",
                hint="take the card out and put it back, or power-cycle the reader; then run again",
                code=PcscCode.SHARING_VIOLATION,
            )
        self._check(code, "connecting to the card")
        self._card = card
        atr = self._atr(card)
        self.usb_port = usb_port_of(self._calls, card)
        return atr

    def _atr(self, card: int) -> bytes:
        code, _reader, _state, _protocol, atr = self._calls.SCardStatus(card)
        self._check(code, "asking for the ATR")
        return bytes(atr)

    def _check(self, code: int, moment: str) -> None:
        check(code, self.place, moment)

    def _closed(self) -> BenchError:
        return BenchError(f"{self.place}: closed")
