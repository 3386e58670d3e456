"""What terminals, loggers, CI runners and other systems' logs put around each line, as functions of its number.

Formats from the tools' manuals and from logs that they wrote; the values are made up.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 18, 0, 0, tzinfo=UTC)
Wrap = Callable[[int, bytes], bytes]


def _at(number: int) -> datetime:
    return START + timedelta(milliseconds=37 * number)


def _time(form: str, *, digits: int = 0) -> Callable[[int], str]:
    """Return a time stamp by strftime's form; `%f` has as many digits as asked for."""

    def stamp(number: int) -> str:
        moment = _at(number)
        fraction = f"{moment.microsecond:06d}"[:digits] + "0" * max(0, digits - 6)
        return moment.strftime(form.replace("%f", fraction))

    return stamp


def _before(prefix: Callable[[int], str], *, encoding: str = "utf-8") -> Wrap:
    return lambda number, line: prefix(number).encode(encoding) + line


def _around(prefix: Callable[[int], str], suffix: str) -> Wrap:
    return lambda number, line: prefix(number).encode() + line + suffix.encode()


def _untagged(prefix: Callable[[int], str]) -> Wrap:
    """The platform's own log prints the SDK's lines, without their tag."""
    return lambda number, line: prefix(number).encode() + line.replace(b"<LS_LOG> ", b"")


def _stripped(prefix: Callable[[int], str]) -> Wrap:
    """Trailing blanks are taken off, so that a blank line is only half a prefix."""
    return lambda number, line: (prefix(number).encode() + line).rstrip()


LEVELS = ("I", "W", "E", "D")
WORDS = ("INFO", "WARNING", "ERROR", "DEBUG")

PREFIXES: dict[str, Wrap] = {
    "minicom -O timestamp=simple": _before(_time("[%Y-%m-%d %H:%M:%S] ")),
    "minicom -O timestamp=extended": _before(_time("[%Y-%m-%d %H:%M:%S.%f] ", digits=3)),
    "minicom -O timestamp=delta": _before(lambda n: f"[{n * 37 // 1000}.{n * 37 % 1000:03d}] "),
    "tio -t 24hour": _before(_time("[%H:%M:%S.%f] ", digits=3)),
    "tio -t 24hour-start": _before(lambda n: f"[00:00:{n * 37 // 1000:02d}.{n * 37 % 1000:03d}] "),
    "tio -t iso8601": _before(_time("[%Y-%m-%dT%H:%M:%S.%fZ] ", digits=3)),
    "tio -t epoch": _before(lambda n: f"[{1795370400 + n * 37 // 1000}.{n * 37 % 1000:03d}] "),
    "grabserial -t": _before(lambda n: f"[{n * 0.037:.6f} {0.037 if n else 0:.6f}] "),
    "grabserial -T": _before(_time("[%H:%M:%S.%f 0.037123] ", digits=6)),
    "ts": _before(_time("%b %d %H:%M:%S ")),
    "ts without trailing blanks": _stripped(_time("%b %d %H:%M:%S ")),
    "ts -s": _before(lambda n: f"00:00:{n * 37 // 1000:02d} "),
    "ts %.s": _before(lambda n: f"{1795370400 + n * 0.037:.6f} "),
    "ts -i %.s": _before(lambda n: f"{0.0371 if n % 3 else 0.0002:.6f} "),
    "ts %FT%H:%M:%.S%z": _before(_time("%Y-%m-%dT%H:%M:%S.%f+0800 ", digits=6)),
    "screen and awk strftime": _before(_time("%F %T ")),
    "systemd journal": _before(_time("%b %d %H:%M:%S bench-3 picocom[4711]: ")),
    "systemd journal, short-monotonic": _before(lambda n: f"[{n * 0.037:12.6f}] bench id2_app[812]: "),
    "systemd journal, iso": _before(_time("%Y-%m-%dT%H:%M:%S+0000 bench id2_app[812]: ")),
    "docker logs --timestamps": _before(_time("%Y-%m-%dT%H:%M:%S.%f00Z ", digits=7)),
    "docker compose": _before(lambda _: "board-1  | "),
    "kubectl --prefix": _before(lambda _: "[pod/bench-7f9c4b5d6-x2x8z/board] "),
    "CRI container log": _before(_time("%Y-%m-%dT%H:%M:%S.%fZ stdout F ", digits=9)),
    "Jenkins timestamper, iso": _before(_time("[%Y-%m-%dT%H:%M:%S.%fZ] ", digits=3)),
    "Jenkins timestamper, clock": _before(_time("%H:%M:%S  ")),
    "Jenkins parallel stage": _before(lambda _: "[board two] "),
    "GitHub Actions raw log": _before(_time("%Y-%m-%dT%H:%M:%S.%fZ ", digits=7)),
    "gh run view --log": _before(_time("test\tRun board\t%Y-%m-%dT%H:%M:%S.%fZ ", digits=7)),
    "Buildkite": _before(lambda n: f"\x1b_bk;t={1795370400000 + 37 * n}\x07"),
    "Azure Pipelines": _before(_time("%Y-%m-%dT%H:%M:%S.%fZ ", digits=7)),
    "Bitbucket and buildbot": _before(_time("+0000 %Y/%m/%d %H:%M:%S | ")),
    "GitLab runner": _before(_time("%Y-%m-%dT%H:%M:%S.%fZ 01O ", digits=6)),
    "CoolTerm": _before(_time("%Y-%m-%d %H:%M:%S.%f ", digits=3)),
    "moserial": _before(_time("%H:%M:%S: ")),
    "cutecom": _before(_time("[%H:%M:%S:%f] ", digits=3)),
    "Termite": _before(_time("%H:%M:%S.%f> ", digits=3)),
    "Docklight": _before(_time("%d.%m.%Y %H:%M:%S.%f [RX] - ", digits=3)),
    "Docklight with line ends": _around(_time("%d.%m.%Y %H:%M:%S.%f [RX] - ", digits=2), "<CR><LF>"),
    "RealTerm, Unix time and comma": _before(lambda n: f"{1795370400 + n * 37 // 1000},"),
    "RealTerm, Matlab date": _before(lambda n: f"46348.{75000 + n:05d} "),
    "SecureCRT": _before(_time("[%h %d %H:%M:%S] <COM7> ")),
    "MobaXterm": _before(_time("[%Y-%m-%d %H:%M.%S]  ")),
    "Tera Term 5, elapsed": _before(lambda n: f"[00:00:{n * 37 // 1000:02d}.{n * 37 % 1000:03d}] "),
    "Tera Term 4": _before(_time("[%a %b %d %H:%M:%S.%f %Y] ", digits=3)),
    "XCOM": _before(_time("[%Y-%m-%d %H:%M:%S.%f]# RECV ASCII> ", digits=3)),
    "VOFA and its kind, in GBK": _before(_time("[%H:%M:%S.%f] 接收 ", digits=3), encoding="gbk"),
    "SSCOM, each line": _before(_time("[%H:%M:%S.%f]收←◆", digits=3), encoding="gbk"),
    "SSCOM, each line, UTF-8": _before(_time("[%H:%M:%S.%f]收←◆", digits=3)),
    "YAT": _before(_time("(%Y-%m-%d %H:%M:%S.%f) (COM7) (<<) ", digits=3)),
    "Hercules, Latin-1": _before(_time("%H:%M:%S Empfänger: "), encoding="latin-1"),
    "weekday in Chinese": _before(_time("2026年11月22日 星期日 %H:%M:%S ")),
    "half past in Chinese": _before(_time("下午 %I:%M:%S ")),
    "clock of twelve hours": _before(_time("%m/%d/%Y %I:%M:%S %p - ")),
    "RTT viewer": _before(lambda _: "00> "),
    "JLinkRTTLogger": _before(lambda n: f"[RTT] {n * 37:08d} 0> "),
    "OpenOCD semihosting": _before(lambda _: "Info : [stm32l4x.cpu] semihosting: "),
    "PlatformIO monitor": _before(_time("%H:%M:%S.%f > ", digits=3)),
    "Arduino": _before(_time("%H:%M:%S.%f -> ", digits=3)),
    "putty log of a terminal server": _before(_time("ttyS14 %d/%m/%y %H:%M:%S ")),
    "conserver": _before(_time("[-- board -- %a %b %d %H:%M:%S %Y] ")),
    "dmesg": _before(lambda n: f"[{n * 0.037:12.6f}] "),
    "dmesg, printk.caller": _before(lambda n: f"[{n * 0.037:12.6f}][  T{812 + n % 3}] "),
    "dmesg -x": _before(lambda n: f"user  :info  : [{n * 0.037:12.6f}] "),
    "dmesg -T": _before(_time("[%a %b %d %H:%M:%S %Y] ")),
    "kmsg level": _before(lambda n: f"<6>[{n * 0.037:12.6f}] "),
    "level alone": _before(lambda _: "<6>"),
    "syslog RFC 3164": _before(_time("<134>%b %d %H:%M:%S board id2_app[812]: ")),
    "syslog RFC 5424": _before(
        lambda n: f'<134>1 {_at(n):%Y-%m-%dT%H:%M:%S.%f}Z board id2_app 812 ID{n} [m@1 s="{n}"] '
    ),
    "logcat brief": _untagged(lambda _: "I/id2     (  812): "),
    "logcat tag": _untagged(lambda n: f"{LEVELS[n % 3 > 1]}/id2     : "),
    "logcat time": _untagged(_time("%m-%d %H:%M:%S.%f I/id2     (  812): ", digits=3)),
    "logcat threadtime": _untagged(_time("%m-%d %H:%M:%S.%f   812   840 I id2     : ", digits=3)),
    "logcat thread": _untagged(lambda n: f"I(  812:{840 + n % 3:5d}) "),
    "Zephyr": _untagged(
        lambda n: f"[00:00:{n * 37 // 1000:02d}.{n * 37 % 1000:03d},{n % 999:03d}] <inf> id2: "
    ),
    "Zephyr with date": _untagged(_time("[%Y-%m-%d %H:%M:%S.%f,000] <inf> id2: ", digits=3)),
    "RT-Thread": _untagged(lambda n: f"{n * 37}: [I/id2] "),
    "RT-Thread ulog": _untagged(_time("%m-%d %H:%M:%S.%f I/id2 tshell: ", digits=3)),
    "ESP-IDF in colour": lambda n, line: (
        f"\x1b[0;3{2 - n % 2}m{LEVELS[n % 3]} ({300 + 11 * n}) id2: ".encode()
        + line.replace(b"<LS_LOG> ", b"")
        + b"\x1b[0m"
    ),
    "ESP-IDF, system time": _untagged(_time("I (%H:%M:%S.%f) id2: ", digits=3)),
    "NuttX": _untagged(lambda n: f"[{n * 0.037:5.6f}] [ INFO] id2_main: "),
    "AliOS 2": _untagged(lambda n: f"[{n * 37:06d}]<V> "),
    "AliOS 3": _untagged(lambda n: f"[ {n * 0.037:8.3f}]<I>ID2 id2.c[{n}]: "),
    "mbed": _untagged(lambda _: "[INFO][id2]: "),
    "LiteOS": _untagged(lambda n: f"{LEVELS[n % 3]}/0xD002A{n % 10}/812/id2: "),
    "OpenHarmony hilog": _untagged(_time("%m-%d %H:%M:%S.%f 812 840 I 03200/id2: ", digits=3)),
    "OP-TEE": _untagged(lambda n: f"I/TA:  id2_log:{n} "),
    "numbered lines": _before(lambda n: f"{n + 1:6d}\t"),
    "numbered lines with colon": _before(lambda n: f"  {n + 1}: "),
    "grep -n": _before(lambda n: f"console.log:{n + 1}:"),
    "quoted": _before(lambda _: "> "),
    "pytest live log": _before(lambda n: f"{WORDS[n % 2]:8} console:reader.py:{118 + n % 4} "),
    "Python logging": _before(_time("%Y-%m-%d %H:%M:%S,%f - board.console - INFO - ", digits=3)),
    "Python bytes": _around(lambda _: "b'", r"\r\n'"),
    "Robot Framework": _before(_time("%Y%m%d %H:%M:%S.%f :  INFO :  ", digits=3)),
    "labgrid": _before(lambda _: "board| "),
    "labgrid console debug": _before(_time("   DEBUG board SerialDriver: ")),
    "LAVA": _before(lambda n: f"{_at(n):%Y-%m-%dT%H:%M:%S.%f} target: "),
    "Twister": _before(_time("%Y-%m-%d %H:%M:%S,%f - twister - DEBUG - DEVICE: ", digits=3)),
    "OpenTitan and Bazel": _before(lambda n: f"I{n % 10}1122 18:00:00.{n:06d}    812 uart.rs:{77}] "),
    "tokio tracing": _before(_time("%Y-%m-%dT%H:%M:%S.%fZ  INFO console::rx: ", digits=6)),
    "journal in brackets": _before(lambda n: f"({n * 37:08x}) "),
    "prompt of a shell": _before(lambda _: "/ # "),
    "caret and CR": _around(lambda _: "", "^M"),
    "spelled out CR": _around(_time("[%H:%M:%S] "), r"\r"),
    "Chinese trailer": _around(lambda _: "", " ←收到"),
}


def wrapped(data: bytes, wrap: Wrap) -> bytes:
    """Return a console with something around each of its lines."""
    *lines, last = data.split(b"\n")
    return b"\n".join([*(wrap(number, line) for number, line in enumerate(lines)), last])
