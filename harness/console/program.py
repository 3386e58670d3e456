"""What the harness asks of a program that prints to a board's console."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.kinds import Kinds


class Topic(StrEnum):
    """What a statement of a console is about."""

    PROGRAM = "program"  # what the program says of itself, of the device's ID and of the key
    TESTS = "tests"  # the program's own tests, and the server code and ciphertext that it was given
    CODES = "codes"  # auth codes, device challenges, secrets and derived keys
    RANDOM = "random"  # the device random over all codes
    REPORT = "report"  # the validation report
    APDU = "apdu"  # exchanges with the chip
    ERRORS = "errors"  # error lines
    CRASH = "crash"  # crashes, failed checks of compiler and libraries, restarts
    LINK = "link"  # the handshakes and the data of itls_app
    CLAIMS = "claims"  # what somebody says the console must show: a board file, the command line


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line as the program printed it.

    Attributes:
        number: Its number, from 1.
        text: The line without its end; escape sequences of terminals are taken off.
    """

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a program printed of one thing, judged.

    Attributes:
        topic: What it is about; one of the program's own `topics`.
        name: What was judged, for a person.
        detail: What was seen; for a failure what is wrong.
        failed: Whether the printed line shows that the device is wrong.
        line: Number of the line that shows it.
    """

    topic: Topic
    name: str
    detail: str
    failed: bool
    line: int


class ConsoleProgram(ABC):
    """A program on a board, and all that the harness asks of it.

    The judge of SDK logs (`harness/logcheck`) reads the lines of the vendor's SDK on every console. A program that
    prints other lines has a banner, and judges them itself.
    """

    @classmethod
    @abstractmethod
    def description(cls) -> str:
        """Return what the program is, in a few words for the reference of board files."""

    @classmethod
    @abstractmethod
    def topics(cls) -> frozenset[Topic]:
        """Return what a start of the program prints in any case: the fact `prints`, which requirements ask for.

        A topic that is named here and not found on the console is not run, so that nobody takes it for checked.
        """

    @classmethod
    @abstractmethod
    def end(cls, version: tuple[int, ...]) -> re.Pattern[bytes]:
        """Return what the program prints when it is nearly done; what it prints afterwards is short.

        Args:
            version: The declared version of the SDK; empty when none is declared.
        """

    @classmethod
    @abstractmethod
    def banner(cls) -> re.Pattern[str] | None:
        """Return what one line says when the program starts; None when the judge of SDK logs recognises it."""

    @classmethod
    @abstractmethod
    def judge(cls, lines: Sequence[PrintedLine]) -> Iterator[Statement]:
        """Give what the lines of the program's own say; nothing for a program that prints those of the SDK alone.

        Args:
            lines: Everything that came, from the first line of the console on.
        """

    @classmethod
    @abstractmethod
    def connects(cls) -> bool:
        """Tell whether it is a firmware that connects by iTLS and stays connected.

        Such a board is started several times in a run, and may be given its ID over the link.
        """


PROGRAMS = Kinds(
    ConsoleProgram,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "console program",
    "harness.console_programs",
    {
        "id2_app": "harness.console.vendor_programs:Id2App",
        "hal_app": "harness.console.vendor_programs:HalApp",
        "id2_demo": "harness.console.vendor_programs:Id2Demo",
        "itls_app": "harness.console.vendor_programs:ItlsApp",
        "link_app": "harness.console.vendor_programs:LinkApp",
    },
)
