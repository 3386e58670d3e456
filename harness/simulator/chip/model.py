"""What every simulated chip has in common: bytes in, bytes out, never an exception, always a status word."""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass

from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.hooks import Check, ChipHooks
from harness.simulator.chip.status import Sw

_HEAD = 4
_MAX_DATA = 256  # bytes in one answer, without the status word
_GET_RESPONSE = 0xC0


class Refuse(Exception):  # noqa: N818 - an ending, not an error
    """Ends a command with a status word and no data."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True, slots=True)
class Received:
    """A command as the chip sees it.

    Attributes:
        cla: Class byte.
        ins: Instruction byte.
        p1: First parameter.
        p2: Second parameter.
        data: What came with Lc; empty without.
        le: Wanted length 1 to 256, None when the command does not end with Le.
        well_formed: Whether Lc and the number of bytes agree (short lengths only).
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None
    well_formed: bool

    @classmethod
    def read(cls, command: bytes) -> "Received":
        """Take a command apart as far as it goes; an incomplete head reads as zeros.

        Source: ISO 7816-4, short APDUs.
        """
        cla, ins, p1, p2 = command[:_HEAD].ljust(_HEAD, b"\x00")
        rest = command[_HEAD:]
        if len(command) < _HEAD:
            return cls(cla, ins, p1, p2, b"", None, well_formed=False)
        if len(rest) <= 1:
            return cls(cla, ins, p1, p2, b"", (rest[0] or 256) if rest else None, well_formed=True)
        size, data = rest[0], rest[1:]
        if size and len(data) == size:
            return cls(cla, ins, p1, p2, data, None, well_formed=True)
        if size and len(data) == size + 1:
            return cls(cla, ins, p1, p2, data[:-1], data[-1] or 256, well_formed=True)
        return cls(cla, ins, p1, p2, data[:size].ljust(size, b"\x00"), None, well_formed=False)


class ChipSession(ABC):
    """One host's conversation with a chip: what was selected, chained, verified or left to fetch."""

    @abstractmethod
    def process(self, command: bytes) -> bytes:
        """Answer one command; always at least a status word, never an exception."""

    def delay(self, command: bytes) -> float:
        """Return how many seconds the chip takes over this command."""
        del command
        return 0.0


class ChipModel(ABC):
    """A chip with its key, ID and counters, which outlive a session: the simulated twin of a command set.

    `process` talks to one session that the model keeps, as if one host had been there since power up.

    Args:
        config: What the chip is.

    Attributes:
        config: The same.
        hooks: Where a fault reaches in.
        lock: Held for the time of one command.
    """

    def __init__(self, config: ChipConfig) -> None:
        self.config = config
        self.hooks = config.chip_hooks()
        self.hooks.personalised(config.key.reveal())
        self.lock = threading.Lock()  # the chip does one command at a time, however many hosts there are
        self._own_session: ChipSession | None = None

    @property
    def identity(self) -> str:
        """What this is, for reports; says that it is simulated."""
        return self.config.description

    @abstractmethod
    def session(self) -> ChipSession:
        """Start a session in the state after power up."""

    def process(self, command: bytes) -> bytes:
        """Answer one command in the model's own session."""
        if self._own_session is None:
            self._own_session = self.session()
        return self._own_session.process(command)


class GuardedSession(ChipSession):
    """The frame around a command set: one command at a time, the last hook, 6F00 for inner trouble."""

    def __init__(self, chip: ChipModel) -> None:
        self._chip = chip
        chip.hooks.opened()

    def process(self, command: bytes) -> bytes:
        """Answer one command; whatever goes wrong inside becomes 6F00."""
        with self._chip.lock:
            try:
                response = self.answer(self._chip.hooks.received(command))
            except Refuse as refusal:
                response = refusal.sw.to_bytes(2)
            except Exception:  # noqa: BLE001 - a chip answers whatever goes wrong in it
                response = Sw.UNKNOWN.to_bytes(2)
            return self._chip.hooks.response(command, response)

    def delay(self, command: bytes) -> float:
        """Return what the hooks say."""
        return self._chip.hooks.delay(command)

    @abstractmethod
    def answer(self, command: bytes) -> bytes:
        """Carry the command out and return data and status word.

        Raises:
            Refuse: the command ends with this status word and no data.
        """


class Outbox:
    """Hands data to the host: at once, or by 61xx and GET RESPONSE.

    Source: device-protocol.md e.2 (T=0 trace; GET RESPONSE); ISO 7816-4 for more than 256 bytes.
    """

    def __init__(self, answers: AnswerStyle, hooks: ChipHooks) -> None:
        self._answers = answers
        self._hooks = hooks
        self._waiting = b""

    def drop(self) -> None:
        """Forget what was not fetched: any other command does that."""
        self._waiting = b""

    def reply(self, data: bytes, le: int | None, *, exact: bool = False) -> bytes:
        """Return the first answer that carries `data`, or announces it.

        Args:
            data: The whole data of the answer.
            le: What the host asked for, None when it said nothing.
            exact: True for answers of a fixed length: a Le that is neither 00 nor that length gets 6Cxx.
        """
        if exact and le not in (None, 256, len(data)) and Check.LENGTH not in self._hooks.skipped:
            raise Refuse(Sw.WRONG_LE | len(data))
        if not data:
            return Sw.OK.to_bytes(2)
        if self._answers is AnswerStyle.GET_RESPONSE and le != len(data):
            self._waiting = data
            return _announce(data)
        return self._hand_over(data, _MAX_DATA)

    def fetch(self, command: Received) -> bytes:
        """Answer GET RESPONSE."""
        if not self._waiting:
            raise Refuse(Sw.CONDITIONS)
        wanted = command.le if command.le is not None else _MAX_DATA
        if wanted != _MAX_DATA and wanted > len(self._waiting):
            raise Refuse(Sw.WRONG_LE | min(len(self._waiting), 0xFF))
        data = self._hooks.fetched(self._waiting)
        if data is None:
            return _announce(self._waiting)
        return self._hand_over(data, wanted)

    def _hand_over(self, data: bytes, size: int) -> bytes:
        now, self._waiting = data[:size], data[size:]
        return now + (_announce(self._waiting) if self._waiting else Sw.OK.to_bytes(2))


def _announce(data: bytes) -> bytes:
    return bytes((0x61, len(data) if len(data) < _MAX_DATA else 0))
