"""The end of the connection on a bench: answers one client on stdin and stdout until it is gone.

It keeps nothing of its own: all that counts stands in files, so any number of clients may come and go, and a campaign
runs on whether one of these processes lives or not.
"""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from harness.disk import writing
from harness.errors import BenchError, HarnessError, UsageError
from harness.lab import closing, sending, starting
from harness.lab.identity import Identity
from harness.lab.messages import LARGEST_BODY, PROTOCOL, Message, Parser, encode
from harness.lab.names import LAB, LARGEST_SOAK, RUN_NAME, SOAK, BenchFolder, boot_id
from harness.lab.places import places_note
from harness.progress import answers
from harness.progress.campaigns import CAMPAIGN_ID, Campaign
from harness.progress.names import CAMPAIGNS, CampaignFolder

_LOOK_S = 0.02
"""How often the progress is looked at: what a client sees is later than the file by as much."""

_QUIET_S = 60.0
"""Seconds without a word of the client after which its connection counts as dead."""

_HEARTBEAT_S = 5.0
_STATUS_S = 60.0
_ALIVE_LOOK_S = 0.2
_AT_ONCE = 4096  # bytes that a pipe takes without blocking once it says that it takes some


def run_words(runs: Path, name: str, options: Sequence[str]) -> list[str]:
    """Return the words behind the harness's own that run a campaign; boards are added to them."""
    return ["run", *options, f"--runs={runs}", "--quiet", f"--campaign={name}", "--"]


class _ClientGoneError(Exception):
    """Nobody reads or speaks any more."""


class _Followed:
    """A campaign whose progress is sent as it grows."""

    def __init__(self, runs: Path, lab: BenchFolder, campaign: Campaign, offset: int) -> None:
        self._runs = runs
        self._lab = lab
        self.campaign = campaign
        self.offset = offset
        self.looked = self.passed_on = 0.0
        self.places: dict[str, object] = {}
        self.dead = False
        self._file: BinaryIO | None = None

    def more(self) -> bytes:
        """Return whole lines that stand in the file behind the offset, a part of them when there are many."""
        try:
            if self._file is None:
                self._file = self.campaign.folder.progress.open("rb", buffering=0)
            # Asked for its size alone, fifty times a second: it is only ever appended to.
            if os.fstat(self._file.fileno()).st_size <= self.offset:
                return b""
            data = os.pread(self._file.fileno(), LARGEST_BODY, self.offset)
        except OSError:
            return b""
        end = data.rfind(b"\n") + 1
        if not end and len(data) == LARGEST_BODY:
            # No writer of ours makes such a line; a client would wait for its end for ever.
            raise UsageError(f"{self.campaign.id}: its progress holds a line without an end")
        return data[:end]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_dead(self) -> bool:
        """Whether the campaign's process is gone, looked at now and then."""
        if not self.dead and time.monotonic() - self.looked > _ALIVE_LOOK_S:
            self.looked = time.monotonic()
            self.dead = self.state() not in {starting.RUNNING, starting.BEGUN}
        return self.dead

    def state(self) -> str:
        """Return what this bench knows of the campaign."""
        return starting.state_of(self._runs, self._lab, self.campaign.id)


class BenchEnd:
    """Answers one client.

    Args:
        runs: The folder of runs of this bench.
        command: The words that start this harness again.
    """

    def __init__(self, runs: Path, command: list[str]) -> None:
        self._runs = runs
        self._command = command
        self._lab = BenchFolder(runs / LAB)
        self._parser = Parser()
        self._starting: starting.Starting | None = None
        self._followed: _Followed | None = None
        self._looking: Future[dict[str, Any]] | None = None
        self._sending: Iterator[bytes] = iter(())
        self._heard = time.monotonic()
        self._said = 0.0
        self._answers: dict[str, Callable[[Message], None]] = {
            "compare": self._compare,
            "tagged": self._tagged,
            "status": self._status,
            "put back": self._put_back,
            "begin": self._begin,
            "find": self._find,
            "follow": self._follow,
            "pull": self._pull,
            "received": self._received,
            "stop": self._stop,
            "answer": self._take_answer,
            "close": self._close,
            "still there": lambda _: None,
        }

    def serve(self) -> None:
        """Answer until the client is gone."""
        with suppress(_ClientGoneError):
            self._say(
                "hello",
                protocol=PROTOCOL,
                host=socket.gethostname(),
                boot=boot_id(),
                now=time.time(),
                harness=Identity.here().plain(),
            )
            while True:
                self._listen()
                self._start_on()
                self._status_on()
                busy = self._followed is not None and self._follow_on(self._followed)
                busy = self._send_on() or busy
                if time.monotonic() - self._said > _HEARTBEAT_S:
                    self._say("still there")
                if not busy:
                    select.select([sys.stdin], [], [], _LOOK_S)

    def _listen(self) -> None:
        while select.select([sys.stdin], [], [], 0)[0]:
            data = os.read(sys.stdin.fileno(), LARGEST_BODY)
            if not data:
                raise _ClientGoneError
            self._heard = time.monotonic()
            for message in self._parser.take(data):
                self._answer(message)
        if time.monotonic() - self._heard > _QUIET_S:
            raise _ClientGoneError

    def _answer(self, message: Message) -> None:
        answer = self._answers.get(message.kind)
        try:
            if answer is None:
                raise UsageError(f"a bench does not know {message.kind[:40]!r}")
            answer(message)
        except HarnessError as error:
            self._say(
                "refused", to=message.kind, message=error.message, hint=error.hint, run=message.text("run")
            )

    def _compare(self, message: Message) -> None:
        self._say("harness", harness=Identity.here(message.texts("suites")).plain())

    def _tagged(self, message: Message) -> None:
        from harness.board.reading.lab import lab_of  # noqa: PLC0415 - slow, and rarely needed
        from harness.board.reading.selection import select  # noqa: PLC0415 - as above

        lab, tags = lab_of(None), message.texts("tags")
        having: list[str] = []
        doubts: list[str] = []
        for word in message.texts("boards"):
            select([word], lab)  # that there is none is another thing than that it has no such tag
            with suppress(UsageError):
                selected = select([word], lab, tags=tags)
                having += [word] if selected.paths else []
                doubts += selected.doubts
        self._say("tagged", boards=having, doubts=doubts)

    def _status(self, message: Message) -> None:
        """Have the command of this host look at its boards; the client hears of it when that has ended."""
        self._look_at(message.texts("boards"))

    def _put_back(self, message: Message) -> None:
        """Take boards for healthy again, and answer as `status` does; without a board none is meant."""
        if not message.texts("boards"):
            raise UsageError("no board is named that is to be put back")
        self._look_at(message.texts("boards"), "--put-back=*")

    def _look_at(self, boards: Sequence[str], *more: str) -> None:
        words = ["lab", "status", "--here", "--json", f"--runs={self._runs}", *more, "--", *boards]
        self._looking = ThreadPoolExecutor(1).submit(_printed, [*self._command, *words])

    def _status_on(self) -> None:
        if self._looking is None or not self._looking.done():
            return
        looked, self._looking = self._looking, None
        try:
            self._say("status", document=looked.result())
        except BenchError as error:
            self._say("refused", to="status", message=error.message)

    def _begin(self, message: Message) -> None:
        name = message.text("campaign")
        words = [*run_words(self._runs, name, message.texts("options")), *message.texts("boards")]
        claim = message.pairs("claim")
        asked = {
            "boards": message.texts("boards"),
            "options": message.texts("options"),
            "claim": claim,
            "host": message.text("host"),
            "hosts": message.pairs("hosts"),
        }
        if claim:
            words = ["lab", "carry", f"--runs={self._runs}", name]
        self._starting = starting.Starting(self._runs, self._lab, name, asked, [*self._command, *words])

    def _start_on(self) -> None:
        """Tell what came of the campaign that begins, once it is known."""
        came = None if self._starting is None else self._starting.came()
        if self._starting is None or came is None:
            return
        self._say(
            "began", campaign=self._starting.name, state=came.state, again=came.again, refused=came.refused
        )
        self._starting = None

    def _find(self, message: Message) -> None:
        name = self._campaign(message).id
        told = starting.begun_on(self._lab, name)
        files = (self._lab.begun(name), self._campaign(message).folder.progress)
        changed = [path.stat().st_mtime for path in files if path.is_file()]
        quiet = max(0, int(time.time() - max(changed))) if changed else 0
        self._say(
            "found",
            campaign=name,
            quiet_s=quiet,
            known=bool(changed),
            state=starting.state_of(self._runs, self._lab, name),
            hosts=told.get("hosts", {}),
        )

    def _follow(self, message: Message) -> None:
        followed = _Followed(self._runs, self._lab, self._campaign(message), message.number("offset"))
        self._follow_instead(followed)

    def _follow_instead(self, followed: _Followed | None) -> None:
        if self._followed is not None:
            self._followed.close()
        self._followed = followed

    def _pull(self, message: Message) -> None:
        self._sending = sending.sent(self._runs, message.text("run"), message.pairs("have"))

    def _received(self, message: Message) -> None:
        run = message.text("run")
        if not RUN_NAME.fullmatch(run):
            raise UsageError(f"{run[:80]!r} is no name of a run")
        note = self._lab.received(run)
        with suppress(OSError):  # it is only for whoever makes room on this bench
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(f"{message.text('manifest')}\n")

    def _stop(self, message: Message) -> None:
        wish = self._lab.stop(self._campaign(message).id)
        with suppress(OSError):
            wish.parent.mkdir(parents=True, exist_ok=True)
            wish.touch()

    def _take_answer(self, message: Message) -> None:
        campaign, ask = self._campaign(message), message.text("ask")
        if not any(ask in board.asks for board in campaign.state().boards.values()) or "/" in ask:
            self._say("answered", ask=ask, why="nobody is asked that any more")
            return
        values = {name: value for name, value in message.pairs("values").items() if isinstance(value, str)}
        answer = answers.Answer(message.text("by"), message.text("via"), values)
        with writing(campaign.folder.answers):
            first = answers.give(campaign.folder.answers, ask, answer)
        self._say("answered", ask=ask, why="" if first else "somebody else has answered")

    def _close(self, message: Message) -> None:
        self._say("closed", told=list(closing.close(self._campaign(message), self._lab)))

    def _campaign(self, message: Message) -> Campaign:
        name = message.text("campaign")
        if not CAMPAIGN_ID.fullmatch(name):
            raise UsageError(f"{name[:60]!r} is no name of a campaign")
        return Campaign(name, CampaignFolder(self._runs / CAMPAIGNS / name))

    def _follow_on(self, followed: _Followed) -> bool:
        """Send what a campaign has written since, and tell its end; return whether there was anything."""
        try:
            return self._sent_more(followed)
        except HarnessError as error:
            self._follow_instead(None)
            self._say("refused", to="follow", message=error.message, hint=error.hint)
            return False

    def _sent_more(self, followed: _Followed) -> bool:
        self._look_after(followed)
        # Asked before the file is read: what a process wrote before it died is read after that.
        dead = followed.is_dead()
        if data := followed.more():
            self._say("progress", data, offset=followed.offset)
            followed.offset += len(data)
            return True
        if dead:
            followed.passed_on = 0.0
            self._look_after(followed)
            self._follow_instead(None)
            if closing.close(followed.campaign, self._lab):
                self._follow_instead(_Followed(self._runs, self._lab, followed.campaign, followed.offset))
                return True
            name, state = followed.campaign.id, followed.state()
            never = starting.said(self._lab, name) or "no reason" if state == starting.NEVER else ""
            kept = state == starting.ENDED
            self._say_soak(followed.campaign)
            self._say("over", campaign=name, never=never, kept=kept)
        return False

    def _say_soak(self, campaign: Campaign) -> None:
        """Send what the rounds of a campaign came to, when it had several."""
        try:
            data = (campaign.folder.path / SOAK).read_bytes()
        except OSError:
            return
        for at in range(0, len(data), LARGEST_BODY) if len(data) <= LARGEST_SOAK else ():
            self._say("soak", data[at : at + LARGEST_BODY], at=at)

    def _look_after(self, followed: _Followed) -> None:
        """Pass a wish to end on once the campaign has come up; tell what became of its places."""
        if time.monotonic() - followed.passed_on < _ALIVE_LOOK_S:
            return
        followed.passed_on = time.monotonic()
        name, folder = followed.campaign.id, followed.campaign.folder.path
        if self._lab.stop(name).exists() and folder.is_dir() and not (folder / "stop").exists():
            with suppress(OSError):
                (folder / "stop").touch()
        places = places_note(self._lab, name)
        if places != followed.places:
            followed.places = places
            self._say("places", places=places)

    def _send_on(self) -> bool:
        """Send one piece of the run folder that is being pulled; return whether there is one."""
        try:
            piece = next(self._sending, None)
        except HarnessError as error:
            self._sending = iter(())
            self._say("refused", to="pull", message=error.message, hint=error.hint)
            return False
        if piece is None:
            return False
        self._write(piece)
        return True

    def _say(self, kind: str, body: bytes = b"", **fields: object) -> None:
        self._write(encode(kind, body, **fields))

    def _write(self, data: bytes) -> None:
        file = sys.stdout.fileno()
        rest = memoryview(data)
        while rest:
            if not select.select([], [file], [], _QUIET_S)[1]:
                raise _ClientGoneError
            try:
                rest = rest[os.write(file, rest[:_AT_ONCE]) :]
            except OSError:
                raise _ClientGoneError from None
        self._said = time.monotonic()


def _printed(command: Sequence[str]) -> dict[str, Any]:
    """Return the JSON document that a command of this harness prints.

    Raises:
        BenchError: It prints none, or one that says why it cannot.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own command, with words that stand for themselves
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_STATUS_S, check=False
        )
        document: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"its boards cannot be looked at: {error}") from None
    told = document.get("error")
    if isinstance(told, dict):
        raise BenchError(str(told.get("message")))
    return document
