"""Recognise what a crash, a failed check of a compiler or library, and a restart look like on a console.

The texts are those of the platforms that ID² runs on; they are looked for anywhere in a line, because a crash comes
in the middle of one.

Source: consoles.md A1 (AliOS Things), A3 (RT-Thread, Zephyr, ESP-IDF, ESP8266, mbed), A4 (U-Boot, Linux, OP-TEE).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.console.dialect import Dialect


class AlarmKind(StrEnum):
    """What a line is a sign of."""

    CRASH = "crash"
    RESET_CAUSE = "reset cause"
    START = "start"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A line that speaks of a crash or of a start of the whole board.

    Attributes:
        kind: What it is a sign of.
        name: What people call it.
        excerpt: The line, bounded; not escaped.
        matched: The text that showed it, in lower case.
    """

    kind: AlarmKind
    name: str
    excerpt: str
    matched: str = ""


MAX_EXCERPT = 160
_LOOKED_AT = 20_000  # characters of a line that are searched, more than a piece of an overlong one has

_Rule = tuple[tuple[str, ...], AlarmKind, str, re.Pattern[str]]


def _crash(stems: str, name: str, pattern: str) -> _Rule:
    return tuple(stems.split()), AlarmKind.CRASH, name, re.compile(pattern, re.IGNORECASE)


_GLIBC_HEAP = (
    r"\b(?:free|malloc|realloc|munmap_chunk|malloc_consolidate)\(\): "
    r"(?:invalid|corrupt|double|memory|mismatching|unaligned|unsorted|too many|top |large)|heap-buffer-overflow"
)
_FAULTS = r"hard|bus|usage|secure|mpu|mem(?:ory)?[ _]?manage(?:ment)?"
_ABNORMAL = r"watchdog|wdt|wdog|iwdg|wwdg|brown[- ]?out|panic|lockup|exception|fault|fatal"

# Each rule has stems, of which a line must have one (in lower case), so that most lines cost a few substring tests.
_RULES: tuple[_Rule, ...] = (
    _crash(
        "fault",
        "processor fault",
        rf"(?:\b|_)(?:{_FAULTS})[ _-]?fault(?:s\b|\b|_)(?!\w*[ _](?:injection|test|rate))"
        r"|\*{5} \w+ fault \*{5}|unhandled fault|page fault at|load access fault|store access fault"
        r"|\bfaulttype: \w|\bfault on (?:thread|interrupt)\b",
    ),
    _crash("guru", "ESP-IDF panic", r"guru meditation error"),
    _crash(
        "panic",
        "panic",
        r"kernel panic(?!:? *(?:none|no|off|0)\b)|\bpanic(?:ked)?(?:!|: *(?!none\b|no\b|off\b|0\b)\S| at |\(|\s*')"
        r"|(?<!\ba )\bpanic \(|\bta panicked|\(ta will panic\)",
    ),
    _crash(
        "exception",
        "exception",
        r"!{5,} ?exception|double exception|fatal exception|unhandled exception|\bexception \(\d{1,3}\):"
        r"|exception in thread|\bcpu exception\b",
    ),
    _crash("esp_error_check", "failed check of ESP-IDF", r"esp_error_check failed"),
    _crash("fatal", "fatal error", r"(?<!non-)(?<!non )\bfatal (?:error|fault)\b"),
    _crash(
        "assert",
        "failed assertion",
        r"\bassert(?:ion)?\b.{0,120}\bfail|assertion fail|\bassert failed|up_assert|\bassert!|configassert",
    ),
    _crash(
        "abort",
        "abort",
        r"\babort\(\) was called|(?:data|prefetch|synchronous)[- ]abort|\baborted \(core dumped\)|^aborted$",
    ),
    _crash(
        "overflow smash stack check",
        "stack or buffer overflow",
        r"stack smash|stack overflow(?! (?:detection|check|protection|guard|hook|handler|test))"
        r"|buffer overflow detected|\bstack check fail|\bstack\(\w{1,20}\) was overflow",
    ),
    _crash(
        "corrupt",
        "damaged memory",
        r"corrupt heap|heap corruption(?! (?:detection|check|protection|test))|corrupted (?:size|double|top)"
        r"|or corruption",
    ),
    _crash("free() malloc() heap", "damaged memory", _GLIBC_HEAP),
    _crash(
        "sanitizer runtime kasan",
        "sanitizer report",
        r"\b(?:error|warning|summary): ?(?:\w*:)? ?\w+sanitizer|:\d+(?::\d+)?: runtime error: |\bbug: k[acmu]san",
    ),
    _crash(
        "==",
        "valgrind report",
        r"==\d+== +(?:invalid (?:read|write|free)|process terminating|conditional jump or move|use of uninit|"
        r"mismatched free|error summary: [1-9]|jump to the invalid|source and destination overlap)",
    ),
    _crash(
        "segmentation segfault illegal core bus",
        "killed program",
        r"segmentation fault|\b(?:id2|hal|itls)\w*\[\d+\]: segfault|illegal instruction|\(core dumped\)|^bus error\b",
    ),
    _crash(
        "oops bug unable",
        "kernel oops",
        r"\boops(?: -|:)|\bkernel oops\b|kernel bug at|\bbug: |unable to handle kernel",
    ),
    _crash("undefined", "undefined instruction", r"undefined instruction"),
    _crash(
        "mcause cfsr excinfo regs", "register dump of a fault", r"\bmcause\s*[:=]|\bcfsr\s*[:=]|== regs info"
    ),
    _crash("cut here", "kernel warning or oops", r"-\[ cut here \]-"),
    _crash("halting", "stopped system", r"\bhalting system\b"),
    _crash("stopped by", "stopped system", r"!{5,} stopped by "),
    _crash("backtrace", "backtrace of a panic", r"\bbacktrace: ?0x[0-9a-f]{4,}"),
    _crash("killed out of", "killed program", r"^killed$|out of memory: killed process|oom-killer"),
    _crash(
        "sanitizer",
        "sanitizer report",
        r"\w+sanitizer: (?:heap-|stack-|global-|detected|use-|double-|segv|deadly)",
    ),
    _crash("hook", "stack or buffer overflow", r"applicationstackoverflowhook(?!\w* (?:set|installed|at))"),
    _crash("please", "U-Boot stopped", r"### error ### please reset"),
    _crash("mbedos", "mbed OS error", r"\+\+ mbedos (?:error info|fault handler) \+\+"),
    _crash("terminate", "C++ terminate", r"terminate called (?:after|without)"),
    _crash("0xffff3024", "dead trusted application", r"0xffff3024"),
    _crash(
        "watchdog wdt wdog iwdg",
        "watchdog reset",
        r"watchdog (?:timer )?(?:expired|timed out|triggered|got triggered|bite|barked|fired)"
        r"|watchdog bark|\b[iw]?wdt time-?out(?:!|,|$)|\biwdg reset$"
        r"|watchdog (?:timer )?(?:reset|time-?out)(?: occurred| detected|!|\.?$)|(?:soft |hard )?wdt reset(?!\s*[:=])",
    ),
    _crash(
        "brownout brown-out",
        "brown-out",
        r"brown-?out detector was triggered|brown-?out reset(?: occurred|!|\.?$)",
    ),
    (
        ("rst:0x",),
        AlarmKind.RESET_CAUSE,
        "reset by a watchdog or brown-out",
        re.compile(r"\brst:0x0*(?:4|7|8|9|b|d|f|10|11|12)\b", re.IGNORECASE),
    ),
    (
        ("rst cause",),
        AlarmKind.RESET_CAUSE,
        "reset by a watchdog",
        re.compile(r"\brst cause:\s*4\b", re.IGNORECASE),
    ),
    (
        ("panic header",),
        AlarmKind.RESET_CAUSE,
        "reset by a fault",
        re.compile(r"\bpanic header reboot reason\s*:?\s*[124]\b", re.IGNORECASE),
    ),
    (
        ("reset cause", "reset reason", "reboot reason", "reboot cause", "boot reason", "reset source"),
        AlarmKind.RESET_CAUSE,
        "reset by a fault",
        re.compile(
            rf"\b(?:reset|reboot|boot) (?:cause|reason|source)\b\W{{1,5}}[^,;]{{0,40}}?(?<!no )(?:\b|_)(?:{_ABNORMAL})"
            r"(?!\w*\s*[=:]\s*(?:0|no|false)\b)",
            re.IGNORECASE,
        ),
    ),
    (
        (
            "ets jun",
            "ets jan",
            "ets jul",
            "esp-rom:",
            "rst:0x",
            "booting zephyr",
            "welcome to alios",
            "nano entry here",
            "thread operating system",
            "u-boot ",
            "starting kernel",
            "linux version ",
        ),
        AlarmKind.START,
        "start of the board",
        re.compile(
            # No word need end where a start begins: it comes in the middle of one.
            r"ets j(?:un|an|ul) +\d+ 20\d\d|esp-rom:|\brst:0x|\*{2,} ?booting zephyr|welcome to alios things"
            r"|nano entry here|thread operating system|u-boot (?:spl )?20\d\d|(?<!re)starting kernel \.\.\."
            r"|linux version \d",
            re.IGNORECASE,
        ),
    ),
)

_STEMS = tuple(dict.fromkeys(stem for stems, *_ in _RULES for stem in stems))
# A program that says that it is ready for a crash has had none.
_READY = re.compile(
    r"\b(?:handlers?|hooks?|detectors?|detection|checks?|protection|sanitizers?|watchdog|dumps?)\b[^.;]{0,40}?"
    r"\b(?:installed|registered|enabled|disabled|ready|set up|initiali[sz]ed|init ok|started|on|off|ok)\b"
    r"|(?:fault|exception)s? (?:handlers?|vectors?) (?:at|is at|address)\b|\bfaults? (?:is |are )?enabled\b"
    r"|_handler\s+0x[0-9a-f]+\s+[tw]\b|\boverflow checks?: \d|\bfault enable bit"
    r"|\b(?:no|without) (?:hard ?fault|panic|exception|assert|crash|oops|sanitizer)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DialectRule:
    """A text that one dialect adds.

    Attributes:
        kind: What it is a sign of.
        name: What people call it.
        pattern: The text.
    """

    kind: AlarmKind
    name: str
    pattern: re.Pattern[str]


def rules_of(dialect: type[Dialect] | None) -> tuple[DialectRule, ...]:
    """Return the crash texts and boot messages that the dialect adds; none for None."""
    if dialect is None:
        return ()
    crashes = (DialectRule(AlarmKind.CRASH, name, text) for name, text in dialect.crash_texts().items())
    starts = (DialectRule(AlarmKind.START, "start of the board", text) for text in dialect.starts())
    return (*crashes, *starts)


def find_alarm(text: str, rules: Sequence[DialectRule] = ()) -> Alarm | None:
    """Return what a line of a console is a sign of, None for nothing; a crash goes before everything else.

    Args:
        text: The line.
        rules: Texts of the dialect, beside those that are known of all.
    """
    text = text[:_LOOKED_AT]
    crashes = [rule for rule in rules if rule.kind is AlarmKind.CRASH]
    starts = [rule for rule in rules if rule.kind is not AlarmKind.CRASH]
    return _by_rule(text, crashes) or _of_all(text) or _by_rule(text, starts)


def _by_rule(text: str, rules: Sequence[DialectRule]) -> Alarm | None:
    for rule in rules:
        if found := rule.pattern.search(text):
            return Alarm(rule.kind, rule.name, _excerpt(text, found), found[0].lower()[:MAX_EXCERPT])
    return None


def _of_all(text: str) -> Alarm | None:
    lower = text.lower()
    if not any(stem in lower for stem in _STEMS):
        return None
    for stems, kind, name, pattern in _RULES:
        if not any(stem in lower for stem in stems):
            continue
        found = pattern.search(text)
        if found is None or (kind is AlarmKind.CRASH and _READY.search(text)):
            continue
        return Alarm(kind, name, _excerpt(text, found), found[0].lower()[:MAX_EXCERPT])
    return None


def _excerpt(text: str, found: re.Match[str]) -> str:
    start = max(0, found.start() - MAX_EXCERPT // 2)
    return text[start : start + MAX_EXCERPT].strip()


def crash_in(output: bytes, dialect: type[Dialect] | None = None) -> str:
    """Return what an output of a console shows of a crash: what people call it, and the line; empty for nothing.

    Args:
        output: What came.
        dialect: How the console speaks, for the texts that it adds.
    """
    rules = rules_of(dialect)
    for line in output.decode("utf-8", errors="backslashreplace").splitlines():
        alarm = find_alarm(line, rules)
        if alarm is not None and alarm.kind is AlarmKind.CRASH:
            return f"{alarm.name}: {alarm.excerpt}"
    return ""
