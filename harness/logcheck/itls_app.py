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
from harness.logcheck.itlslines import END, FAILED, LOOP, START, VERIFIED
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program

_HANDSHAKE = "Performing the SSL/TLS handshake"
_ALERT = re.compile(r"hal itls alert type: (?P<number>\d{1,3})")
_MOVED = re.compile(r"(?P<count>\d{1,6}) bytes (?P<word>written|read)")
_BAD = re.compile(r"fail|error|timeout|bad handle|invalid", re.IGNORECASE)
MAX_SHOWN = 50


@dataclass(slots=True)
class _Session:
    """One handshake and what followed it."""

    line: int
    verified: bool | None = None
    done: bool = False
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
    if good := [session for session in sessions if not session.problems]:
        seen = f"{len(good)} came about, each with the server's code verified and no alert"
        judgement.passed("iTLS sessions", seen, [session.line for session in good])
    _judge_end(context, sessions, judgement)


def _judge_end(context: Context, sessions: list[_Session], judgement: Judgement) -> None:
    notes = context.facts.itls
    started = [note.line for note in notes if START.fullmatch(note.value) or LOOP.fullmatch(note.value)]
    failed = [note.line for note in notes if FAILED.search(note.value)]
    ended = [note.line for note in notes if END.fullmatch(note.value)]
    if failed:
        judgement.failed("iTLS sample", "the program reports that it failed", failed)
    elif ended:
        judgement.passed("iTLS sample", "the program came to its end", ended)
    elif started:
        told = "the log ends before the sample does, or the program stopped there"
        judgement.failed("iTLS sample", told, [context.facts.last_line])
    if not sessions and not failed:
        judgement.failed("iTLS sessions", "no handshake is in the log", [context.facts.last_line])


def _sessions(notes: list[PrintedValue]) -> Iterator[_Session]:
    session: _Session | None = None
    for note in notes:
        text = note.value.strip()
        if _HANDSHAKE in text:
            if session is not None:
                yield _closed(session)
            session = _Session(note.line)
        if session is not None:
            _take(session, note.line, text)
    if session is not None:
        yield _closed(session)


def _take(session: _Session, line: int, text: str) -> None:
    if found := VERIFIED.search(text):
        session.verified = found["word"] == "OK"
        if not session.verified:
            session.problems.append((line, "the client refused the server's auth code"))
    elif text == "ok":
        session.done = True
    elif found := _ALERT.fullmatch(text):
        if found["number"] != "0":
            alert = codes.describe_alert(int(found["number"]))
            session.problems.append((line, f"alert {alert.text}: {alert.meaning}"))
    elif found := _MOVED.fullmatch(text):
        if found["count"] == "0":
            session.problems.append((line, f"no bytes {found['word']}"))
    elif _BAD.search(text):
        session.problems.append((line, f"{quoted(text, 80)} is not expected in a passing run"))


def _closed(session: _Session) -> _Session:
    if session.verified is None and not session.problems:
        told = "the handshake ended and nothing says that the server's code was verified"
        session.problems.append((session.line, told if session.done else "the handshake did not end"))
    elif session.verified and not session.done and not session.problems:
        session.problems.append((session.line, "the handshake did not end"))
    return session
