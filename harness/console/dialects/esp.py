"""Espressif's ROM and ESP-IDF: console, log, reset causes; and the older ESP8266.

Source: consoles.md A3; ESP-IDF components/esp_system, log, console, soc/reset_reasons.h.
"""

import re

from harness.console.dialect import ResetCause
from harness.console.dialects.bare import Bare
from harness.console.shell_grammar import ERASE_LINE, Purpose, ShellGrammar

_CAUSES = {
    "1": "power",
    "3": "software",
    "4": "old watchdog",
    "5": "wake from sleep",
    "6": "SDIO",
    "7": "timer watchdog",
    "8": "timer watchdog",
    "9": "RTC watchdog",
    "a": "intrusion",
    "b": "timer watchdog",
    "c": "software",
    "d": "RTC watchdog",
    "e": "the other core",
    "f": "brown-out",
    "10": "RTC watchdog",
    "11": "timer watchdog",
    "12": "super watchdog",
    "13": "glitch of the clock",
    "14": "error in the eFuses",
    "15": "USB",
    "16": "USB",
    "17": "glitch of the power",
    "18": "JTAG",
}
_FAULTS = frozenset({"4", "7", "8", "9", "b", "d", "f", "10", "11", "12"})
_OUTSIDE = frozenset({"1", "6", "13", "15", "16", "17", "18"})
_SLEEP = frozenset({"5"})
_OLD_CAUSES = {
    "1": "power",
    "2": "reset line, or software",  # a restart by software pulls the line as well
    "3": "software",
    "4": "hardware watchdog",
    "5": "wake from sleep",
    "6": "power",
}


class EspIdf(Bare):
    """ESP-IDF."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "ESP-IDF, prompt `esp32>`"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return what the ROM prints first."""
        return (re.compile(r"ESP-ROM:|ets J(?:un|ul|an) +\d+ 20\d\d"),)

    @classmethod
    def reset_causes(cls) -> tuple[ResetCause, ...]:
        """Return what the ROM says."""
        text = re.compile(r"\brst:0x0*(?P<code>[0-9A-Fa-f]{1,2})\b")
        return (ResetCause(text, _CAUSES, _FAULTS, _OUTSIDE, _SLEEP),)

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return level, time and tag."""
        return re.compile(r"[EWIDV] \(\d{1,10}\) [^\s:]{1,40}: ")

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return its console."""
        return ShellGrammar(
            prompt=re.compile(rb"(?:esp[\w-]{0,20}|[a-z][\w-]{1,31})> ?"),
            longest_line=255,
            most_words=32,
            beyond="is cut",
            unknown=re.compile(r"Unrecognized command"),
            commands={
                Purpose.HELP: "help",
                Purpose.VERSION: "version",
                Purpose.REBOOT: "restart",
                Purpose.STATUS: "free",
            },
            erase=ERASE_LINE,
            repeatable=frozenset({"help", "version", "free", "heap", "tasks"}),
        )


class Esp8266(Bare):
    """ESP8266."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "ESP8266, without a shell; its ROM prints at 74880 baud"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return what the ROM prints first."""
        return (re.compile(r"ets J(?:un|ul|an) +\d+ 20\d\d"),)

    @classmethod
    def reset_causes(cls) -> tuple[ResetCause, ...]:
        """Return what the ROM says."""
        text = re.compile(r"\brst cause:\s*(?P<code>\d{1,2})\b")
        return (ResetCause(text, _OLD_CAUSES, frozenset("4"), frozenset("16"), _SLEEP),)
