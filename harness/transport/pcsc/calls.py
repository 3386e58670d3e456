"""The calls of PC/SC that are used, and what their result codes say."""

import importlib
import time
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Protocol, cast

from harness.errors import BenchError, UsageError
from harness.transport.errors import CardAbsent
from harness.transport.holders import users_of
from harness.transport.pcsc.codes import ABSENT, GONE, PcscCode, describe
from harness.transport.printable import safe_text

SCOPE_SYSTEM = 2
_NAME_LIMIT = 120
_LISTED_ANEW = 20
_SETTLES_S = 0.05
_LIBRARY = "libpcsclite.so"  # through which every program reaches the service


class Share(StrEnum):
    """Who else may use the card."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"


class CardProtocol(StrEnum):
    """How reader and card talk."""

    ANY = "any"
    T0 = "t0"
    T1 = "t1"


class Ending(IntEnum):
    """What to do with the card at the end."""

    LEAVE = 0
    RESET = 1
    UNPOWER = 2


SHARES = {Share.EXCLUSIVE: 1, Share.SHARED: 2}
PROTOCOLS = {CardProtocol.ANY: 3, CardProtocol.T0: 1, CardProtocol.T1: 2}


class ReaderLister(Protocol):
    """What lists readers."""

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:  # noqa: N802 - pyscard's name
        """Give the result code and the names of the readers."""


class Scard(ReaderLister, Protocol):
    """What is used of `smartcard.scard`; each call gives its result code first."""

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:  # noqa: N802 - pyscard's name
        """Give the result code and a context of the service."""

    def SCardReleaseContext(self, context: int) -> int:  # noqa: N802 - pyscard's name
        """Let a context go."""

    def SCardConnect(self, context: int, reader: str, share: int, protocol: int) -> tuple[int, int, int]:  # noqa: N802 - pyscard's name
        """Give the result code, a card and the protocol that was agreed on."""

    def SCardReconnect(  # noqa: N802 - pyscard's name
        self, card: int, share: int, protocol: int, initialization: int
    ) -> tuple[int, int]:
        """Give the result code and the protocol that was agreed on."""

    def SCardStatus(self, card: int) -> tuple[int, str, int, int, list[int]]:  # noqa: N802 - pyscard's name
        """Give the result code, reader, state, protocol and ATR."""

    def SCardTransmit(self, card: int, protocol: int, command: list[int]) -> tuple[int, list[int]]:  # noqa: N802 - pyscard's name
        """Give the result code and the answer."""

    def SCardGetAttrib(self, card: int, attribute: int) -> tuple[int, list[int]]:  # noqa: N802 - pyscard's name
        """Give the result code and the bytes of an attribute of the reader."""

    def SCardDisconnect(self, card: int, disposition: int) -> int:  # noqa: N802 - pyscard's name
        """Let a card go."""


def check(code: int, place: str, moment: str) -> None:
    """Raise what a result code says.

    Raises:
        CardAbsent: there is no card now.
        BenchError: anything else but success.
    """
    code &= 0xFFFFFFFF  # some builds give it with a sign
    if code == 0:
        return
    meaning, hint = describe(code)
    text = f"{safe_text(place, _NAME_LIMIT)}: {meaning}, while {moment}"
    if code in GONE:
        text += f", at {datetime.now(UTC).strftime('%H:%M:%S.%f')[:-3]} UTC"
    if code == PcscCode.SHARING_VIOLATION and (others := users_of(_LIBRARY)):
        text += f"; programs that use the PC/SC service now: {', '.join(map(str, others))}"
    kind = CardAbsent if code in ABSENT else BenchError
    raise kind(text, hint=hint, code=code)


def list_readers(calls: ReaderLister, context: int) -> tuple[int, list[str]]:
    """Return the result code and the names of the readers.

    pyscard asks for the size of the list first: of a reader that is plugged in between it reads what is no name.

    Raises:
        BenchError: The list was another one each time.
    """
    for _ in range(_LISTED_ANEW):
        try:
            code, readers = calls.SCardListReaders(context, [])
        except (SystemError, UnicodeDecodeError):
            time.sleep(_SETTLES_S)
        else:
            return code, list(readers or [])
    raise BenchError(
        "PC/SC: the list of readers changes while it is read",
        hint="wait until the readers that were plugged in are there, then run again",
    )


def find_reader(calls: Scard, wanted: str) -> str:
    """Return the name of the reader that is meant; no card is asked for anything.

    Raises:
        BenchError: no PC/SC service, or no such reader.
        UsageError: several readers fit.
    """
    code, context = calls.SCardEstablishContext(SCOPE_SYSTEM)
    check(code, wanted, "asking the PC/SC service")
    try:
        code, readers = list_readers(calls, context)
        check(code, wanted, "listing readers")
    finally:
        calls.SCardReleaseContext(context)
    return choose(wanted, readers)


def choose(wanted: str, readers: list[str]) -> str:
    """Return the reader of this name, or the one that has it in its name.

    Raises:
        BenchError: there is none.
        UsageError: several have it in their names.
    """
    fitting = [each for each in readers if each == wanted] or [
        each for each in readers if wanted.casefold() in each.casefold()
    ]
    shown = "; ".join(safe_text(each, _NAME_LIMIT) for each in (fitting or readers)) or "none"
    if not fitting:
        raise BenchError(
            f"no PC/SC reader named {wanted!r}",
            hint=f"check its cable; readers here: {shown}",
            code=PcscCode.UNKNOWN_READER,
        )
    if len(fitting) > 1:
        raise UsageError(
            f"{len(fitting)} PC/SC readers are named {wanted!r}: {shown}", hint="write the whole name"
        )
    return fitting[0]


def pyscard() -> Scard:
    """Return pyscard's calls.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return cast("Scard", importlib.import_module("smartcard.scard"))
    except ImportError as error:
        raise UsageError(
            "PC/SC readers need the library pyscard",
            hint="install the extra: pip install 'id2-harness[pcsc]' (to build it: apt install swig libpcsclite-dev)",
        ) from error
