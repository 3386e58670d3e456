"""Broken console boards that say Pass all the same: what is wrong stands in the text beside the tests."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from harness.simulator.console.hooks import ConsoleHooks

_TESTED = b"ID2 Client Test Get Device Challenge Pass."
_ENDED = b"=====>ID2 Client Generate AuthCode End."
_DATE = rb"[A-Z][a-z]{2} [ \d]\d \d{4}(?= \d\d:\d\d:\d\d)"
_ERROR_SIZE = 1 << 20
_FACTOR, _STEP, _RANGE = 1664525, 1013904223, 1 << 32


class Added(ConsoleHooks):
    """Adds lines to the output.

    Args:
        behind: What is in the line that they come behind.
        lines: The lines.
    """

    def __init__(self, behind: bytes, lines: bytes) -> None:
        self._behind = behind
        self._lines = lines

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            head, found, rest = piece.partition(self._behind)
            if not found:
                yield piece
                continue
            line, end, rest = rest.partition(b"\n")
            yield head + found + line + end + self._lines + rest


class Replaced(ConsoleHooks):
    """Changes the output; each piece of it is whole lines.

    Args:
        pattern: What is replaced.
        by: What stands there instead.
    """

    def __init__(self, pattern: bytes, by: bytes) -> None:
        self._pattern = re.compile(pattern)
        self._by = by

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            yield self._pattern.sub(self._by, piece)


ADDED: Mapping[str, tuple[str, bytes, bytes]] = MappingProxyType(
    {
        "hard-fault-between-tests": (
            "The processor faults between two tests that pass",
            _TESTED,
            b"[HardFault] PC=0x0800a1c4 LR=0x08009f31 CFSR=0x00008200\n",
        ),
        "panic-after-report": (
            "The system panics behind the report",
            _ENDED,
            b"Kernel panic - not syncing: Attempted to kill init!\n",
        ),
        "zephyr-fatal-error": (
            "Zephyr reports a fatal error of a thread, and the others go on",
            _TESTED,
            b"E: >>> ZEPHYR FATAL ERROR 2: Stack overflow on CPU 0\n",
        ),
        "alios-exception": (
            "AliOS Things prints its exception dump behind the report",
            _ENDED,
            b"!!!!!!!!!! Exception  !!!!!!!!!!\n========== Regs info  ==========\n",
        ),
        "sanitizer-report": (
            "The address sanitizer reports an overflow",
            _TESTED,
            b"==71==ERROR: AddressSanitizer: stack-buffer-overflow on address 0x7ffd10\n",
        ),
        "undefined-behaviour": (
            "The sanitizer of undefined behaviour reports a shift, and the program goes on",
            _TESTED,
            b"id2_util.c:41:19: runtime error: shift exponent 32 is too large for 32-bit type\n",
        ),
        "stack-smashing": (
            "The compiler's guard finds a damaged stack when the program ends",
            _ENDED,
            b"*** stack smashing detected ***: terminated\n",
        ),
        "failed-assertion": (
            "An assertion of the system fails between two tests",
            _TESTED,
            b"assert failed: xQueueSemaphoreTake queue.c:1545 (( pxQueue ))\n",
        ),
        "trusted-application-panics": (
            "The trusted application panics, and the client starts it again",
            _TESTED,
            b"E/TC:? 0 TA panicked with code 0xffff000f\n",
        ),
        "restarts-in-mid-run": (
            "The board starts again between two tests, and the program goes on as if nothing had been",
            _TESTED,
            b"*** Booting Zephyr OS build v3.6.0 ***\n",
        ),
        "banner-after-report": (
            "The program begins again behind its report, and comes to nothing",
            _ENDED,
            b"<LS_LOG> ID2 Client Version: 0x00030100\n",
        ),
        "endless-error-line": (
            "An error line has a megabyte",
            _TESTED,
            b"<LS_LOG> km_init 33: ERROR: load key fail " + b"x" * _ERROR_SIZE + b"\n",
        ),
    }
)
"""Lines that a board prints beside its tests: what is wrong in words, what they come behind, the lines."""

REPLACED: Mapping[str, tuple[str, bytes, bytes]] = MappingProxyType(
    {
        "built-february-30": ("The program was built on a day that no month has", _DATE, b"Feb 30 2026"),
        "built-1900": ("The program was built before there were compilers", _DATE, b"Jan  1 1900"),
        "built-2190": ("The program will be built in the next century", _DATE, b"Jan  1 2190"),
        "other-carrier": (
            "The program says that a software sandbox holds the key",
            rb"id2 irot type, 2",
            b"id2 irot type, 1",
        ),
    }
)
"""Text that a board prints otherwise: what is wrong in words, what is replaced, by what."""


class ResetByWatchdog(ConsoleHooks):
    """The boot loader says that a watchdog reset the board."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        yield b"ets Jun  8 2016 00:22:57\nrst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
        yield from text


class StartsTwice(ConsoleHooks):
    """The board prints its whole output a second time, with the same randoms."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        pieces = list(text)
        yield from pieces
        yield from pieces


class DemoRandomLinked(ConsoleHooks):
    """Device randoms come from the SDK's demo generator, which nobody replaced."""

    def device_random(self, fresh: str) -> str:
        first = int(fresh[:8], 16)
        return f"{first:08X}{(_FACTOR * first + _STEP) % _RANGE:08X}"


class OtherSdkVersion(ConsoleHooks):
    """Banner and report say 3.0.0, whatever the maker declares."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            yield piece.replace(b"0x00030100", b"0x00030000").replace(
                b'"sdkVersion": "3.1.0"', b'"sdkVersion": "3.0.0"'
            )
