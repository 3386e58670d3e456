"""Judge the vendor's `itls_app`: a client that connects by iTLS, writes and reads, as often as it was built to.

Source: device-protocol.md h.3, h.4; SDK 3.1.0 app/itls_app, modules/itls/src/hal_itls.c.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.id2 import codes
from harness.id2.errors import quoted
from harness.logcheck.context import Context
from harness.logcheck.facts import PrintedValue
from harness.logcheck.itlslines import END, FAILED, LOOP, RETURNED, START, VERIFIED
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program

_CONNECT = ". Connecting to "
_HANDSHAKE = "Performing the SSL/TLS handshake"
_RESUMED = "a session has been resumed"
_TIMEOUT = "timeout"  # iDTLS alone prints it: it reads until nothing more comes, and writes again twice
_ALERT = re.compile(r"hal itls alert type: (?P<number>\d{1,3})")
_MOVED = re.compile(r"(?P<count>\d{1,6}) bytes (?P<word>written|read)")
_BAD = re.compile(r"fail|error|timeout|bad handle|invalid", re.IGNORECASE)
_NO_CONNECTION = ("mbedtls_net_connect", "mbedtls_net_connect_timeout")
_PEER_LEFT = (0x004C, 0x0050, 0x6800, 0x7280, 0x7880)
"""What reading gives when the other side, or the way to it, is gone.

Receiving failed, the connection was reset, time-out, end of file, close_notify. Source: mbed TLS 2 and 3,
net_sockets.h and ssl.h.
"""
MAX_SHOWN = 50


@dataclass(slots=True)
class _Session:
    """One connection, its handshake and what followed it.

    Attributes:
        line: Where its handshake begins; its connection, when it never came so far.
        began: Its handshake began.
        verified: The client's word about the server's code; None for none.
        done: The handshake ended well.
        unreached: Why there was no connection; empty when there was one.
        read: Bytes that came.
        timeouts: Lines that say that nothing came.
        problems: Lines with what is wrong in them.
    """

    line: int
    began: bool = False
    verified: bool | None = None
    done: bool = False
    unreached: str = ""
    read: int = 0
    timeouts: list[int] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def judge_itls(context: Context, judgement: Judgement) -> None:
    """Judge each handshake, each exchange of data, and that the program came to its end."""
    facts = context.facts
    if facts.program is not Program.ITLS_APP:
        return
    sessions = list(_sessions(facts.itls))
    bad = [session for session in sessions if session.problems]
    for session in bad[:MAX_SHOWN]:
        told = [f"line {line}: {text}" for line, text in session.problems]
        lines = [session.line, *(line for line, _ in session.problems)]
        judgement.failed(f"iTLS session of line {session.line}", "; ".join(told), lines)
    if len(bad) > MAX_SHOWN:
        judgement.failed("iTLS sessions", f"{len(bad) - MAX_SHOWN} more failed")
    if good := [session for session in sessions if session.began and not session.problems]:
        seen = f"{len(good)} came about, each with the server's code verified and no alert"
        judgement.passed("iTLS sessions", seen, [session.line for session in good])
    for session in [session for session in good if session.timeouts and not session.read][:MAX_SHOWN]:
        lost = "nothing came back to what was written: a datagram may be lost, or the server gives no answer"
        judgement.not_run(f"answer in session of line {session.line}", lost, session.timeouts)
    _judge_end(context, sessions, judgement)


def _judge_end(context: Context, sessions: list[_Session], judgement: Judgement) -> None:
    notes = context.facts.itls
    started = [note.line for note in notes if START.fullmatch(note.value) or LOOP.fullmatch(note.value)]
    failed = [note.line for note in notes if FAILED.search(note.value)]
    ended = [note.line for note in notes if END.fullmatch(note.value)]
    unreached = sessions[-1].unreached if sessions else ""
    if unreached:
        told = f"the device got no connection to the server ({quoted(unreached, 80)}), which says nothing of iTLS"
        judgement.blocked("iTLS sample", f"{told}: check network and server", [sessions[-1].line, *failed])
    elif failed:
        judgement.failed("iTLS sample", "the program reports that it failed", failed)
    elif ended and ended[-1] > max(started, default=0):
        judgement.passed("iTLS sample", "the program came to its end", ended)
    elif started:
        told = "the log ends before the sample does, or the program stopped there"
        judgement.failed("iTLS sample", told, [context.facts.last_line])
    if not any(session.began for session in sessions) and not failed and not unreached:
        judgement.failed("iTLS sessions", "no handshake is in the log", [context.facts.last_line])


def _sessions(notes: list[PrintedValue]) -> Iterator[_Session]:
    session: _Session | None = None
    for note in notes:
        text = note.value.strip()
        handshake = _HANDSHAKE in text
        if _CONNECT in note.value or (handshake and (session is None or session.began)):
            if session is not None:
                yield _closed(session)
            session = _Session(note.line)
        if session is None:
            continue
        if handshake:
            session.line, session.began, session.done = note.line, True, False
        _take(session, note.line, text)
    if session is not None:
        yield _closed(session)


def _take(session: _Session, line: int, text: str) -> None:
    if found := VERIFIED.search(text):
        session.verified = found["word"] == "OK"
        if not session.verified:
            session.problems.append((line, "the client refused the server's auth code"))
    elif text == "ok":
        session.done = session.began
    elif _RESUMED in text:
        session.verified = True  # by the session that is resumed
    elif found := _ALERT.fullmatch(text):
        if found["number"] != "0":
            alert = codes.describe_alert(int(found["number"]))
            session.problems.append((line, f"alert {alert.text}: {alert.meaning}"))
    elif found := _MOVED.fullmatch(text):
        session.read += int(found["count"]) if found["word"] == "read" else 0
        if found["count"] == "0":
            session.problems.append((line, f"no bytes {found['word']}"))
    elif found := RETURNED.fullmatch(text):
        _take_result(session, line, found)
    elif text == _TIMEOUT and session.done:
        session.timeouts.append(line)
    elif _BAD.search(text) and not session.unreached:
        session.problems.append((line, f"{quoted(text, 80)} is not expected in a passing run"))


def _take_result(session: _Session, line: int, found: re.Match[str]) -> None:
    """Take what a call of mbed TLS returned; its `failed` may be the line before."""
    text = f"{found['call']} returned {found['code']}"
    if session.problems and session.problems[-1][1].startswith("'failed'"):
        session.problems.pop()
    code = abs(int(found["code"], 0))
    if found["call"] in _NO_CONNECTION and not session.began:
        session.unreached = text
    elif not (found["call"] == "mbedtls_ssl_read" and session.read and code in _PEER_LEFT):
        session.problems.append((line, text))


def _closed(session: _Session) -> _Session:
    if not session.began:
        return session
    if session.verified is None and not session.problems:
        told = "the handshake ended and nothing says that the server's code was verified"
        session.problems.append((session.line, told if session.done else "the handshake did not end"))
    elif session.verified and not session.done and not session.problems:
        session.problems.append((session.line, "the handshake did not end"))
    return session
