"""Broken console boards that say Pass all the same: what is wrong stands in the text beside the tests."""

import re
from collections.abc import Iterator
from typing import ClassVar

from harness.simulator.console.hooks import ConsoleHooks

_TESTED = b"ID2 Client Test Get Device Challenge Pass."
_ENDED = b"=====>ID2 Client Generate AuthCode End."
_ERROR_SIZE = 1 << 20
_FACTOR, _STEP, _RANGE = 1664525, 1013904223, 1 << 32


class _Altered(ConsoleHooks):
    """Changes bytes of the output; each piece of it is whole lines."""

    change: ClassVar[tuple[bytes, bytes]]

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            yield piece.replace(*self.change)


class _Added(ConsoleHooks):
    """Adds lines behind the line that has `behind`."""

    behind: ClassVar[bytes] = _TESTED
    lines: ClassVar[bytes]

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            head, found, rest = piece.partition(self.behind)
            if not found:
                yield piece
                continue
            line, end, rest = rest.partition(b"\n")
            yield head + found + line + end + self.lines + rest


class _AfterReport(_Added):
    """Adds lines behind the report."""

    behind: ClassVar[bytes] = _ENDED


class HardFaultBetweenTests(_Added):
    """The processor faults between two tests that pass."""

    lines: ClassVar[bytes] = b"[HardFault] PC=0x0800a1c4 LR=0x08009f31 CFSR=0x00008200\n"


class PanicAfterReport(_AfterReport):
    """The system panics behind the report."""

    lines: ClassVar[bytes] = b"Kernel panic - not syncing: Attempted to kill init!\n"


class ZephyrFatalError(_Added):
    """Zephyr reports a fatal error of a thread, and the others go on."""

    lines: ClassVar[bytes] = b"E: >>> ZEPHYR FATAL ERROR 2: Stack overflow on CPU 0\n"


class AliosException(_AfterReport):
    """AliOS Things prints its exception dump behind the report."""

    lines: ClassVar[bytes] = b"!!!!!!!!!! Exception  !!!!!!!!!!\n========== Regs info  ==========\n"


class SanitizerReport(_Added):
    """The address sanitizer reports an overflow."""

    lines: ClassVar[bytes] = b"==71==ERROR: AddressSanitizer: stack-buffer-overflow on address 0x7ffd10\n"


class UndefinedBehaviour(_Added):
    """The sanitizer of undefined behaviour reports a shift, and the program goes on."""

    lines: ClassVar[bytes] = (
        b"id2_util.c:41:19: runtime error: shift exponent 32 is too large for 32-bit type\n"
    )


class StackSmashing(_AfterReport):
    """The compiler's guard finds a damaged stack when the program ends."""

    lines: ClassVar[bytes] = b"*** stack smashing detected ***: terminated\n"


class FailedAssertion(_Added):
    """An assertion of the system fails between two tests."""

    lines: ClassVar[bytes] = b"assert failed: xQueueSemaphoreTake queue.c:1545 (( pxQueue ))\n"


class TrustedApplicationPanics(_Added):
    """The trusted application panics, and the client starts it again."""

    lines: ClassVar[bytes] = b"E/TC:? 0 TA panicked with code 0xffff000f\n"


class ResetByWatchdog(ConsoleHooks):
    """The boot loader says that a watchdog reset the board."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        yield b"ets Jun  8 2016 00:22:57\nrst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
        yield from text


class RestartsInMidRun(_Added):
    """The board starts again between two tests, and the program goes on as if nothing had been."""

    lines: ClassVar[bytes] = b"*** Booting Zephyr OS build v3.6.0 ***\n"


class StartsTwice(ConsoleHooks):
    """The board prints its whole output a second time, with the same randoms."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        pieces = list(text)
        yield from pieces
        yield from pieces


class BannerAfterReport(_AfterReport):
    """The program begins again behind its report, and comes to nothing."""

    lines: ClassVar[bytes] = b"<LS_LOG> ID2 Client Version: 0x00030100\n"


class _Built(ConsoleHooks):
    """Says another build date in banner and report."""

    date: ClassVar[bytes]
    _DATE: ClassVar[re.Pattern[bytes]] = re.compile(rb"[A-Z][a-z]{2} [ \d]\d \d{4}(?= \d\d:\d\d:\d\d)")

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            yield self._DATE.sub(self.date, piece)


class BuiltOnFebruary30(_Built):
    """The program was built on a day that no month has."""

    date: ClassVar[bytes] = b"Feb 30 2026"


class BuiltIn1900(_Built):
    """The program was built before there were compilers."""

    date: ClassVar[bytes] = b"Jan  1 1900"


class BuiltIn2190(_Built):
    """The program will be built in the next century."""

    date: ClassVar[bytes] = b"Jan  1 2190"


class DemoRandomLinked(ConsoleHooks):
    """Device randoms come from the SDK's demo generator, which nobody replaced."""

    def device_random(self, fresh: str) -> str:
        first = int(fresh[:8], 16)
        return f"{first:08X}{(_FACTOR * first + _STEP) % _RANGE:08X}"


class EndlessErrorLine(_Added):
    """An error line has a megabyte."""

    lines: ClassVar[bytes] = b"<LS_LOG> km_init 33: ERROR: load key fail " + b"x" * _ERROR_SIZE + b"\n"


class OtherSdkVersion(ConsoleHooks):
    """Banner and report say 3.0.0, whatever the maker declares."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            yield piece.replace(b"0x00030100", b"0x00030000").replace(
                b'"sdkVersion": "3.1.0"', b'"sdkVersion": "3.0.0"'
            )


class OtherCarrier(_Altered):
    """The program says that a software sandbox holds the key."""

    change: ClassVar[tuple[bytes, bytes]] = (b"id2 irot type, 2", b"id2 irot type, 1")
