"""Fault switches: what a scenario has the mock do wrong, on purpose and a counted number of times.

The switches are in memory: a mock that starts again behaves.
"""

import base64
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import UsageError
from harness.service.mock.request import Data

EVERY_OPERATION = "*"
LATENCY_MAX_MS = 10 * 60 * 1000


class FaultKind(StrEnum):
    """What goes wrong.

    Attributes:
        LATENCY: The answer is right and late.
        DROP: The connection is closed without an answer.
        HTTP_500: The gateway's own `InternalError`.
        CODE: The service answers with a code.
        WRONG_SERVER_CODE: `ServerAuthCode` with a wrong signature, everything else right.
        WRONG_CIPHERTEXT: Ciphertext or provisioning data with its first byte wrong.
        GARBAGE: Status 200 and a page that is no answer.
        TRUNCATE: The answer breaks off in the middle, and the connection with it.
    """

    LATENCY = "latency"
    DROP = "drop"
    HTTP_500 = "http-500"
    CODE = "code"
    WRONG_SERVER_CODE = "wrong-server-code"
    WRONG_CIPHERTEXT = "wrong-ciphertext"
    GARBAGE = "garbage"
    TRUNCATE = "truncate"


_ONLY_FOR: Mapping[FaultKind, frozenset[str]] = {
    FaultKind.WRONG_SERVER_CODE: frozenset({"GetServerAuthCodeAndEncryptData"}),
    FaultKind.WRONG_CIPHERTEXT: frozenset(
        {"VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData", "OtpGetId2"}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One switch.

    Attributes:
        kind: What goes wrong.
        operation: For which operation; `*` for every one that the kind fits.
        count: How many calls it strikes; None for all of them.
        latency_ms: How long the call waits first, whatever the kind, milliseconds.
        code: The service's code, for the kind `code`.
        after: How many matching calls it lets through first.
        after_effect: `drop`, `http-500`, `garbage` and `code` do the call's work and store it before the answer
            is lost; by default the call does nothing. `truncate` and the wrong values always do the work.
    """

    kind: FaultKind
    operation: str = EVERY_OPERATION
    count: int | None = 1
    latency_ms: int = 0
    code: int = 54
    after: int = 0
    after_effect: bool = False

    def strikes(self, operation: str) -> bool:
        """Tell whether it is for this operation."""
        return self.operation in (EVERY_OPERATION, operation) and operation in _ONLY_FOR.get(
            self.kind, (operation,)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveFault:
    """A switch that is on.

    Attributes:
        id: Its number, for `Faults.remove`.
        fault: What it does; `count` and `after` as they were given.
        struck: How many calls it has struck.
        passed: How many it has let through.
    """

    id: int
    fault: Fault
    struck: int
    passed: int


@dataclass(slots=True)
class _Entry:
    fault: Fault
    struck: int = 0
    passed: int = 0


class Faults:
    """The switches of one mock, safe to share between threads; one call is struck by one fault at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._entries: dict[int, _Entry] = {}
        self._changes = 0

    def change_mark(self) -> int:
        """Return a number that is another one after every change of the switches, a strike among them."""
        return self._changes

    @property
    def any_on(self) -> bool:
        """Whether any switch is on."""
        return bool(self._entries)

    def add(self, fault: Fault) -> int:
        """Switch a fault on, behind those that are on already, and return its number.

        Raises:
            UsageError: A value is outside its range, or the kind does not fit the operation.
        """
        _check(fault)
        with self._lock:
            number = next(self._numbers)
            self._entries[number] = _Entry(fault)
            self._changes += 1
        return number

    def remove(self, number: int) -> None:
        """Switch one off.

        Raises:
            UsageError: There is none with this number; one that has struck as often as it should is gone.
        """
        with self._lock:
            if self._entries.pop(number, None) is None:
                raise UsageError(f"fault {number} is not on")
            self._changes += 1

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._entries.clear()
            self._changes += 1

    def active(self) -> tuple[ActiveFault, ...]:
        """Return the faults that are on, oldest first."""
        with self._lock:
            return tuple(
                ActiveFault(id=number, fault=entry.fault, struck=entry.struck, passed=entry.passed)
                for number, entry in self._entries.items()
            )

    def take(self, operation: str) -> Fault | None:
        """Return what strikes a call of this operation now, and count it."""
        if not self._entries:  # the usual case costs no lock
            return None
        with self._lock:
            for number, entry in self._entries.items():
                if not entry.fault.strikes(operation):
                    continue
                self._changes += 1
                if entry.passed < entry.fault.after:
                    entry.passed += 1
                    continue
                entry.struck += 1
                if entry.struck == entry.fault.count:
                    del self._entries[number]
                return entry.fault
        return None


def fits(kind: FaultKind, operation: str) -> bool:
    """Tell whether a kind can strike an operation; `*` is every one that it can strike."""
    return operation == EVERY_OPERATION or operation in _ONLY_FOR.get(kind, (operation,))


def spoil(kind: FaultKind, data: Data) -> Data:
    """Return an operation's `Data` with the value that the kind names made wrong."""
    if isinstance(data, Mapping):
        if kind is FaultKind.WRONG_SERVER_CODE:
            *front, signature = str(data["ServerAuthCode"]).split("~")
            return {**data, "ServerAuthCode": "~".join((*front, _flipped(signature)))}
        name = "EncryptData" if "EncryptData" in data else "ProvisionData"
        return {**data, name: _flipped(str(data[name]))}
    return _flipped(str(data))


def _flipped(text: str) -> str:
    value = bytearray(base64.b64decode(text))
    value[0] ^= 0xFF
    return base64.b64encode(value).decode()


def _check(fault: Fault) -> None:
    from harness.service.mock.operations import OPERATIONS  # noqa: PLC0415 - as in the gateway

    if fault.operation not in (EVERY_OPERATION, *OPERATIONS):
        raise UsageError(
            f"fault: operation {fault.operation!r} is unknown; known are *, {', '.join(OPERATIONS)}"
        )
    if fault.count is not None and fault.count < 1:
        raise UsageError(
            f"fault: count {fault.count} is none; leave a fault out, or give None for every call"
        )
    if not 0 <= fault.latency_ms <= LATENCY_MAX_MS:
        raise UsageError(f"fault: latency_ms must be 0 to {LATENCY_MAX_MS}, not {fault.latency_ms}")
    if fault.after < 0:
        raise UsageError(f"fault: after must be 0 or more, not {fault.after}")
    if not 1 <= fault.code <= 9999:
        raise UsageError(f"fault: code must be 1 to 9999, not {fault.code}")
    if fault.kind is FaultKind.LATENCY and fault.latency_ms == 0:
        raise UsageError("fault: the kind latency needs latency_ms")
    if not fits(fault.kind, fault.operation):
        others = ", ".join(sorted(_ONLY_FOR[fault.kind]))
        raise UsageError(f"fault: {fault.kind} does not fit {fault.operation}; it is for {others}")
