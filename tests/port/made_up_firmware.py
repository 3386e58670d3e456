"""A firmware's port in Python, called as its probe is: the clock is made up, the connections are real."""

import select
import socket
import time
from dataclasses import dataclass, field

from harness.probe.errors import CallLostError, CrashedError, UnansweredCallError
from harness.probe.functions import FUNCTIONS, Group
from harness.probe.link import NULL, Answer, Hello
from harness.probe.osa import Format

WORD = 1 << 32
BLOCKS = 300
NOT_GIVEN_BACK = {
    "descriptors are not given back": 5,
    "descriptors of many are not given back": 100,
    "descriptors of more are not given back": 400,
}
"""Faults of a port that gives no descriptor back, with how many it has."""


@dataclass
class Time:
    """The time of a bench that is made up."""

    now: float = 5000.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def numbers(*values: int) -> Answer:
    data = b"".join((value % WORD).to_bytes(4) for value in values)
    return Answer(0, len(data), data, 0)


@dataclass
class MadeUpFirmware:
    """Answers calls; sound but for one fault of the names of firmware/faults.h, or one of its own.

    Attributes:
        fault: What is wrong with it.
        time: The bench's time; each call takes some.
        rtc: Whether its clock goes on over a reset.
    """

    fault: str = ""
    time: Time = field(default_factory=Time)
    connections: int = 0
    rtc: bool = False
    missing: frozenset[str] = frozenset()
    starts: int = 0

    def __post_init__(self):
        self.began = self.time.now - 2.0
        self.base = time.time() if self.rtc else 0.0
        self.first = self.began
        self.heap = BLOCKS
        self.tick = 0
        self.cause = "power-on"
        self.sockets = {}
        self.calls = []
        self.heard = b""

    # ---- what a link has
    hello_groups = frozenset(Group)

    @property
    def hello(self):
        return Hello(1, 79, (1024, 512, 128), 1024, self.hello_groups, "made-up", 0x1234)

    @property
    def functions(self):
        return frozenset(FUNCTIONS) - self.missing

    def again(self, limit=None):
        assert self.starts, "nobody reset it"
        return self.hello

    @property
    def received(self):
        return len(self.heard)

    def since(self, position):
        return self.heard[position:], len(self.heard)

    def close(self):
        for connection in self.sockets.values():
            connection.close()

    def call(self, function, **given):
        self.time.pass_by(0.004)
        self.calls.append(function)
        answer = getattr(self, f"_{function}")(**{"k": 0, "m": 0, "n": 0, "a": NULL, "c": NULL, **given})
        self.time.pass_by(0.004)
        return answer

    # ---- time
    def shown_s(self):
        since = self.time.now - (self.first if self.rtc else self.began)
        if self.fault == "TIME_DRIFTS":
            since *= 1.05
        if self.fault == "TIME_RESTARTS":
            since %= 5.0
        if self.fault == "TIME_JUMPS_BACK":
            since -= 0.05 * int(since / 4)
        if self.fault == "time jumps over a reset" and self.starts:
            since += 7_000
        return self.base + since

    def shown_ms(self):
        step = 10 if self.fault == "TIME_COARSE" else 1
        return int(self.shown_s() * 1000) // step * step

    def reset(self, cause="software"):
        self.starts += 1
        self.began = self.time.now
        self.cause = cause
        self.time.pass_by(0.3)

    def _tim(self, **_):
        shown = self.shown_ms()
        return numbers(shown >> 32, shown)

    def _slp(self, k, **_):
        begin, shown = self.time.now, self.shown_ms()
        self.time.pass_by({"SLEEP_SHORT": 0.75, "SLEEP_LONG": 2.0}.get(self.fault, 1.0) * k / 1000 + 0.0004)
        return numbers(self.shown_ms() - shown, round((self.time.now - begin) * 1000))

    # ---- memory
    def _cal(self, k, m, n, **_):
        self._lose(n)
        return numbers(n, n * k * m if self.fault == "CALLOC_DIRTY" else 0, 0)

    def _mal(self, k, m, n, **_):
        if self.heap <= 0:
            return numbers(0, 0, n)
        self._lose(n)
        return numbers(n, 0, 0)

    def _lose(self, blocks):
        if self.fault == "FREE_FORGETS":
            self.heap -= blocks // 20

    def _exh(self, k, m, **_):
        if self.fault == "an endless heap":
            return numbers(m, 0)
        if self.fault == "never lives on" and m > 100:
            self.heap = 0
            return numbers(BLOCKS, 0)
        had = min(m, self.heap * 256 // k)
        return numbers(had, had - 1 if self.fault == "MALLOC_OVERLAPS" and k >= 64 else 0)

    # ---- texts
    def _fmt(self, k, m, n, p, a, out, **_):
        number, text = m % WORD, a.decode()
        whole = {
            Format.UPPER_HEX_8: f"{number:08x}" if self.fault == "SNPRINTF_LOWER_CASE" else f"{number:08X}",
            Format.STRING_OF_LENGTH: text if self.fault == "SNPRINTF_NO_PRECISION" else text[:n],
            Format.STRING: text,
            Format.SIGNED: str(number - WORD if number >= WORD // 2 else number),
            Format.UNSIGNED: str(number),
            Format.HEX_2: f"{number:02x}",
            Format.CHARACTER: chr(number % 256),
            Format.HEX_8_AND_STRING: f"{number:08x}{text}",
        }[k]
        cut = len(whole) >= out
        kept = whole[: max(0, out - 1)].encode() + (b"\0" if out else b"")
        if self.fault == "SNPRINTF_NO_END" and cut:
            kept = whole[:out].encode()
        rc = -1 if "snprintf as Microsoft's" in self.fault and cut else len(whole)
        if p and "an older probe" not in self.fault:
            rc = max(rc, 0)
        if "without an end" in self.fault and cut:
            kept = whole[:out].encode()
        beyond = 1 if self.fault == "snprintf one byte too far" and cut else 0
        return Answer(rc, out, b"" if rc < 0 else kept.ljust(out, b"\xa5"), beyond)

    def _prt(self, a, **_):
        line = {"print cuts": a[:40], "prints elsewhere": b""}.get(self.fault, a)
        self.heard += b"[12] " + line + b"\r\n"
        return Answer(0, 0, b"", 0)

    # ---- tasks
    def _mtx(self, **_):
        return Answer(0, 1, bytes((1 if self.fault == "mutex of one lock" else 6,)), 0)

    def _smw(self, k, **_):
        if self.fault == "SEMAPHORE_NOT_WAITING":
            return Answer(0, 0, b"", 0)
        lasts = {"semaphore waits too short": k // 2, "semaphore waits too long": 3 * k}.get(self.fault, k)
        self.time.pass_by(lasts / 1000)
        return Answer(-1, lasts, b"", 0)

    def _smp(self, k, **_):
        if self.fault == "semaphore is taken late":
            return Answer(0, k + 3, b"", 0)
        return Answer(-1, k, b"", 0) if self.fault == "semaphore cannot be taken" else Answer(0, 0, b"", 0)

    def _thr(self, m, n, p, **_):
        self.time.pass_by(n / 1000)
        if self.fault == "no thread":
            return Answer(-5, 0, b"", 0)
        locked_out = p and self.fault != "MUTEX_NOT_LOCKING"
        return numbers(0 if self.fault == "THREAD_NEVER_RUNS" or locked_out else m)

    # ---- network
    def _con(self, k, c, **_):
        if self.fault == "never connects":
            return Answer(-1, 0, b"", 0)
        try:
            made = socket.create_connection((c.decode(), k), timeout=5)
        except OSError:
            return Answer(77 if self.fault == "CONNECT_REFUSED_OK" else -1, 0, b"", 0)
        if len(self.sockets) > NOT_GIVEN_BACK.get(self.fault, 1000):
            made.close()
            return Answer(-1, 0, b"", 0)
        self.connections += 1
        number = self.connections if self.fault == "descriptors are counted" else made.fileno()
        self.sockets[number] = made
        return Answer(number, 0, b"", 0)

    def _dis(self, k, **_):
        if k in self.sockets and self.fault not in NOT_GIVEN_BACK:
            self.sockets.pop(k).close()
        elif k in self.sockets:
            self.sockets[k].shutdown(socket.SHUT_RDWR)
        return Answer(0, 0, b"", 0)

    def _snd(self, k, a, **_):
        data = a[:1000] if self.fault == "SEND_TRUNCATES" else a
        if self.fault == "a byte changes":
            data = data[:-1] + bytes((data[-1] ^ 1,))
        try:
            self.sockets[k].sendall(data)
        except OSError:
            return Answer(-1, 0, b"", 0)
        return Answer(0, len(a), b"", 0)

    def _rcv(self, k, m, out, **_):
        if select.select([self.sockets[k]], [], [], 0.05)[0]:
            data = self.sockets[k].recv(out)
            if not data and self.fault == "ends with its far end":
                self.sockets[k].shutdown(socket.SHUT_WR)
            return Answer(len(data), len(data), data, 0)
        late = {"RECEIVE_IGNORES_TIMEOUT": 20.0, "receives too short": 0.5}.get(self.fault, 1.0)
        self.time.pass_by(m * late / 1000)
        return Answer(-1, WORD - 2, b"", 0)

    # ---- the board itself
    def _rst(self, k, **_):
        if self.fault == "no reset" or (self.fault == "no watchdog" and k):
            return Answer(-1, 0, b"", 0)
        if self.fault == "silent after a reset":
            raise UnansweredCallError("the call rst began and did not end")
        told = "power-on" if self.fault == "wrong cause" else ("software", "watchdog")[k]
        self.reset(told)
        raise CallLostError("the board started anew in the middle of the call rst")

    def _crs(self, k, **_):
        if self.fault == "no crash":
            return Answer(-1, 0, b"", 0)
        if k == 2:
            raise UnansweredCallError("the call crs began and did not end")
        self.reset("other")
        raise CrashedError("the board started anew; its console shows a crash")

    def _upt(self, **_):
        since = self.time.now - (self.first if self.fault == "uptime goes on" else self.began)
        return numbers(42 if self.fault == "uptime stands still" else round(since * 1000))

    def _cau(self, **_):
        return Answer(0, len(self.cause), self.cause.encode(), 0)
