"""One host of a campaign, from the client's side: begin there once, follow the progress, pull the run folders.

A connection that breaks is nothing but that: it is made again, and the progress resumed where it was. Only the bench
can tell that a campaign is over, and a bench that stays away is given up without a verdict.
"""

import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from harness.disk import writing
from harness.errors import BenchError, HarnessError
from harness.lab import room
from harness.lab.checks import Checks
from harness.lab.client_files import ASKED, BEGUN, NEW, REFUSED, Asked, ClientFiles
from harness.lab.identity import SAME_HARNESS, Identity, difference
from harness.lab.link import Link, LinkLostError
from harness.lab.messages import PROTOCOL, Message
from harness.lab.names import LARGEST_SOAK
from harness.lab.pulling import Pulling
from harness.lab.ssh import Host
from harness.lab.starting import UNKNOWN
from harness.lab.turns import Turns
from harness.lab.wake import Wake
from harness.progress import stopping
from harness.progress.state import CampaignState
from harness.report.text import one_line

CONNECTING, READY, RUNNING, UNREACHABLE, OVER, GIVEN_UP = (
    "connecting",
    "ready",
    "running",
    "unreachable",
    "over",
    "given up",
)
"""What a host does, as its client sees it."""

HELLO_S = 60.0
_ANSWER_S = 180.0
_AGAIN_S = (0.5, 1.0, 2.0, 5.0)
_LOOK_S = 0.25
_LONGEST_REASON = 1_000
_LATEST = 1e11  # seconds since 1970: no clock of ours
_ANSWER_SHOWS_S = 5.0
_NO_FOLDER = "cd: "  # any shell's complaint about a folder where it cannot go
_BY_SIGNAL = 128  # and the signal's number: the exit code of what ended by one
_ROUNDS = ("--repeat=", "--for=")
_STEADY_S = 10.0  # a connection that lasted so long was one, whatever it brought


class Watcher(threading.Thread):
    """Attends to one host.

    Args:
        host: The host.
        asked: The campaign.
        files: Where the client keeps what it knows.
        here: The harness of this computer.
        may_begin: Whether the campaign may be begun there; who attaches only follows.
        patience: Seconds that a host may be unreachable before it is given up.
        config: ssh's file of settings; None for the user's.
        turns: Whose turn it is to begin.
        checks: Where run folders are checked.
        on_change: Told whenever something can be shown anew.
    """

    def __init__(
        self,
        host: Host,
        asked: Asked,
        files: ClientFiles,
        here: Identity,
        *,
        may_begin: bool,
        patience: float,
        config: Path | None,
        turns: Turns,
        checks: Checks,
        on_change: Callable[[], None],
    ) -> None:
        super().__init__(name=f"host {host.name}", daemon=True)
        self.host = host
        self.state = CampaignState()
        self.phase = CONNECTING
        self.reason = ""
        self.note = files.host(host.name)
        self.differs = ""
        self.differs_hint = SAME_HARNESS
        self.told: list[str] = []
        self.refused_places: dict[str, str] = {}
        self.waits_for_places = False
        self.looked_at = threading.Event()
        """Set when the host has told which harness it has, or could not be reached."""
        self.go_on = threading.Event()
        """Set by the client when every host was looked at and the campaign may begin."""
        self.leave = threading.Event()
        """Set by the client to end the connection; what runs goes on."""
        self.stop = threading.Event()
        """Set by the client to end what runs on the host, in order."""
        self._asked = asked
        self._files = files
        self._here = here
        self._may_begin = may_begin
        self._patience = patience
        self._config = config
        self._turns = turns
        self._on_change = on_change
        self.wake = Wake()
        """Has the host looked at when one of the above was set, before its next message comes."""
        self._pulling = Pulling(files, host.name, self.note, checks, self.wake.set, self._write_note)
        self._progress_file: FileIO | None = None
        self._offset = 0
        self._stopped = False
        self._campaign_over = False
        self._news = 0
        self._ahead = 0.0
        self.knows_nothing = False
        """Whether the host was asked for the campaign, and never heard of it."""
        self.soak = b""
        """What the rounds of the campaign came to, as the host sent it; empty for nothing."""
        self._given: dict[str, dict[str, object]] = {}
        self._answered: dict[str, float] = {}
        self.told_hosts: dict[str, tuple[str, ...]] = {}
        """The hosts that took part, with their boards, as this host was told when the campaign began."""

    def now(self) -> float:
        """Return the time by the host's clock, which its events carry: it need not be the client's."""
        return time.time() + self._ahead

    @property
    def rounds(self) -> dict[str, Any]:
        """What the rounds of the campaign came to; empty when none were asked for, or when it cannot be read."""
        # A client that attaches to another's campaign knows no options; a bench keeps none of a single round either.
        if self._asked.options and not any(one.startswith(_ROUNDS) for one in self._asked.options):
            return {}
        try:
            told = json.loads(self.soak)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    def answer(self, ask: str, by: str, via: str, values: Mapping[str, str]) -> None:
        """Give an answer to an operator step there; it is sent until the host has said that it has it.

        Args:
            ask: Names the question.
            by: Who answers.
            via: By what way.
            values: The value of each field; they may be secrets, and are kept nowhere.
        """
        self._given[ask] = {"by": by, "via": via, "values": dict(values), "sent": False}
        self.wake.set()

    def is_answered(self, ask: str) -> bool:
        """Whether an answer is on its way, or has been taken so lately that the host may not have told it yet."""
        return ask in self._given or time.monotonic() - self._answered.get(ask, -math.inf) < _ANSWER_SHOWS_S

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.phase in {OVER, GIVEN_UP}

    def run(self) -> None:
        """Attend to the host until all is over there, or it is given up, or the client leaves."""
        try:
            self._resume()
            if not self.over:
                self._attend()
        except HarnessError as error:
            self._give_up(error.message)
        except Exception as error:  # a thread has no other line of defence, and the runs go on
            if os.environ.get("HARNESS_TRACEBACK"):
                raise
            self._give_up(f"a defect of the harness: {type(error).__name__}: {error}")
        finally:
            if self._progress_file is not None:
                self._progress_file.close()
            self.looked_at.set()
            self._on_change()

    def _resume(self) -> None:
        """Take what an earlier client process received."""
        path = self._files.folder.progress(self.host.name)
        if path.is_file():
            data = path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                with writing(path):
                    os.truncate(path, whole)
            self._offset = whole
            self._take(data[:whole])
        if self.note.over and self.state.ended is not None and not self.note.damaged:
            self._be_over()  # all of it is here: its host need not even be switched on

    def _attend(self) -> None:
        last = time.monotonic()
        tries = 0
        while not (self.over or self.leave.is_set()):
            news, began = self._news + self._pulling.arrived, time.monotonic()
            words = ("lab", "bench", f"--runs={self.host.runs}")
            try:
                with Link(self.host, words, self._config, self.wake) as link:
                    self._greet(link)
                    self._work(link)
            except LinkLostError as error:
                if self._has_no_harness(error):
                    return
                self._unreachable(error)
            # A host that greets and breaks off, again and again, is as good as one that stays away.
            if self._news + self._pulling.arrived > news or time.monotonic() - began > _STEADY_S:
                last, tries = time.monotonic(), 0
            if tries and time.monotonic() - last > self._patience:
                self._lost()
                return
            self._wait(tries)
            tries += 1

    def _wait(self, tries: int) -> None:
        """Wait a little before the next try, unless there is none."""
        if not self.over:
            self.leave.wait(_AGAIN_S[min(tries, len(_AGAIN_S) - 1)])

    def _has_no_harness(self, error: LinkLostError) -> bool:
        """Whether it shows before anything began that a host can be reached and has no harness that answers."""
        if error.exit_of is None or self.looked_at.is_set() or not self._may_begin or self.note.begin != NEW:
            return False
        words = self._words(error)
        self.differs, self.differs_hint = f"has no harness that answers: {words}", _hint(self.host, words)
        self._give_up(self.differs)
        return True

    def _words(self, error: HarnessError) -> str:
        return error.message.removeprefix(f"{self.host.name}: ")

    def _greet(self, link: Link) -> None:
        hello = self._await(link, "hello", HELLO_S)
        told = hello.fields.get("now")
        if isinstance(told, int | float) and 0 < told < _LATEST:
            self._ahead = told - time.time()
        if hello.number("protocol") != PROTOCOL:
            self.differs = "has a harness that speaks with clients in another way"
        elif self._may_begin and self.note.begin == NEW:
            there = Identity.read(hello.pairs("harness"))
            if self._asked.suites:
                link.say("compare", suites=list(self._asked.suites))
                there = Identity.read(self._await(link, "harness", _ANSWER_S).pairs("harness"))
            if found := difference(self._here, there):
                self.differs, self.differs_hint = one_line(found.words, _LONGEST_REASON), found.hint
        self._become(READY)
        if self.differs:
            self._give_up(self.differs)

    def _work(self, link: Link) -> None:
        self.looked_at.set()
        while not self.go_on.is_set():
            if self.leave.is_set() or self.over:
                return
            link.next(_LOOK_S)
        if self.leave.is_set():
            return
        if self.note.begin in {NEW, ASKED} and not self._begin(link):
            return
        self._become(RUNNING)
        link.say("follow", campaign=self._asked.campaign, offset=self._offset)
        self._pulling.connected()
        for given in list(self._given.values()):
            given["sent"] = False
        while not (self.over or self.leave.is_set()):
            self._send_answers(link)
            if self.stop.is_set() and not self._stopped:
                link.say("stop", campaign=self._asked.campaign)
                self._stopped = True
            message = link.next(_LOOK_S)
            if message is not None:
                self._answer(link, message)
            self._pulling.go_on(link)
            if self._campaign_over and self._pulling.is_over(self.state):
                self._end()

    def _send_answers(self, link: Link) -> None:
        for ask, given in list(self._given.items()):
            if not given["sent"]:
                fields = {name: given[name] for name in ("by", "via", "values")}
                link.say("answer", campaign=self._asked.campaign, ask=ask, **fields)
                given["sent"] = True

    def _take_answered(self, message: Message) -> None:
        ask, why = message.text("ask"), one_line(message.text("why"))
        if self._given.pop(ask, None) is not None:
            self._answered[ask] = time.monotonic()
            if why:
                self.told.append(f"the answer to {one_line(ask)} was not taken: {why}")
        self._on_change()

    def call_off(self) -> None:
        """Take that the client leaves before the campaign begins anywhere; the thread is to have left already."""
        if not self.over:
            self._give_up("was not begun: the campaign was stopped before")

    def _begin(self, link: Link) -> bool:
        """Begin the campaign on the host, or find that it was; return whether there is anything to follow."""
        name = self._asked.campaign
        if not self._may_begin:
            link.say("find", campaign=name)
            found = self._await(link, "found", _ANSWER_S)
            self.told_hosts = {
                name: tuple(map(str, boards))
                for name, boards in found.pairs("hosts").items()
                if isinstance(boards, list)
            }
            if found.text("state") == UNKNOWN:
                self.knows_nothing = True
                self._give_up("the campaign never reached this host: its boards were not touched")
                return False
            self._keep(BEGUN)
            return True
        with self._turns.turn(lambda seconds: self._wait_for_turn(link, seconds)):
            return self._begin_now(link)

    def _wait_for_turn(self, link: Link, seconds: float) -> None:
        if self.leave.is_set():
            raise LinkLostError(f"{self.host.name}: the client leaves")
        link.next(seconds)

    def _begin_now(self, link: Link) -> bool:
        name = self._asked.campaign
        if self.stop.is_set() and self.note.begin == NEW:
            self._give_up("was not begun: the campaign was stopped before this host was reached")
            return False
        # Kept before it is sent: who does not know whether it was heard asks by this name again, and begins nothing
        # twice.
        self._keep(ASKED)
        link.say(
            "begin",
            campaign=name,
            host=self.host.name,
            boards=list(self.host.boards),
            options=list(self._asked.options),
            claim=self._asked.claims.get(self.host.name, {}),
            hosts={host.name: list(host.boards) for host in self._asked.hosts},
        )
        try:
            began = self._await(link, "began", _ANSWER_S)
        except LinkLostError:
            raise
        except BenchError as error:
            # Its disk took no note of it, so nothing was started.
            self._keep(NEW)
            self._give_up(f"could not begin: {self._words(error)}")
            return False
        if refused := began.text("refused"):
            self._keep(REFUSED, refused)
            self._give_up(f"did not begin: {refused}")
            return False
        self._keep(BEGUN)
        return True

    def _await(self, link: Link, kind: str, within: float) -> Message:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.leave.is_set():
                raise LinkLostError(f"{self.host.name}: the client leaves")
            message = link.next(_LOOK_S)
            if message is not None and message.kind == kind:
                return message
            if message is not None and message.kind == "refused":
                raise self._refused(message)
        raise LinkLostError(f"{self.host.name}: gives no answer within {within:.0f} s")

    def _refused(self, message: Message) -> BenchError:
        said, hint = (one_line(message.text(name), _LONGEST_REASON) for name in ("message", "hint"))
        return BenchError(f"{self.host.name}: {said}", hint=hint)

    def _answer(self, link: Link, message: Message) -> None:
        match message.kind:
            case "progress":
                self._progress(message)
            case "answered":
                self._take_answered(message)
            case "soak":
                kept = self.soak[: message.number("at")]
                self.soak = kept + message.body if len(kept) < LARGEST_SOAK else b""
            case "places":
                self._take_places(message.pairs("places"))
            case "over" if message.text("never") and self.refused_places:
                self._give_up("no board had its place at the lab's coordinator")
            case "over" if message.text("never"):
                # A start that ended before there was a campaign: it may be that this client did not hear of it.
                self._keep(REFUSED, message.text("never"))
                self._give_up(f"did not come up: {message.text('never')}")
            case "over" if message.fields.get("kept") is False and self.state.ended is None:
                self._give_up("this host keeps the campaign no longer: what came of it is not known")
            case "over":
                self._campaign_over = True
            case "listing" | "piece" | "whole":
                self._pulling.take(link, message)
            case "refused" if message.text("to") == "pull" and self._pulling.asks:
                self._pulling.refuse(self._words(self._refused(message)))
            case "refused":
                raise self._refused(message)

    def _progress(self, message: Message) -> None:
        if message.number("offset") != self._offset or not message.body.endswith(b"\n"):
            raise LinkLostError(f"{self.host.name}: its progress does not go on where it was")
        path, size = self._files.folder.progress(self.host.name), len(message.body)
        if self._offset + size > room.MOST_PROGRESS:
            raise BenchError(
                f"{self.host.name}: its progress comes to more than {room.MOST_PROGRESS} bytes, which are taken at "
                "most"
            )
        room.check_room(path.parent, self.host.name, "its progress", size)
        rest = memoryview(message.body)
        with writing(path):
            if self._progress_file is None:
                self._progress_file = path.open("ab", buffering=0)
            while rest:
                rest = rest[self._progress_file.write(rest) :]
        self._news += 1
        self._offset += len(message.body)
        self._take(message.body)
        self._on_change()

    def _take(self, lines: bytes) -> None:
        for line in lines.splitlines():
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                self.state.take(event)
                self._pulling.note_run(event)

    def _take_places(self, told: Mapping[str, Any]) -> None:
        refused, clashes = told.get("refused"), told.get("clashes")
        self.waits_for_places = told.get("waits") is True
        self.refused_places = (
            {str(one): str(why) for one, why in refused.items()} if isinstance(refused, dict) else {}
        )
        for board, holder in clashes.items() if isinstance(clashes, dict) else ():
            text = f"{board}: its place is held by {holder} at the lab's coordinator; the lock on the bench decides"
            if text not in self.told:
                self.told.append(text)
        self._on_change()

    def _keep(self, begin: str, reason: str = "") -> None:
        self.note.begin, self.note.reason = begin, reason
        self._write_note()

    def _write_note(self) -> None:
        self._files.write_host(self.host.name, self.note)
        self._on_change()

    @property
    def was_stopped(self) -> bool:
        """Whether its campaign ended in order before its end, as a client asked for it; not when it was killed."""
        code = self.state.exit_code
        by_signal = code is not None and _BY_SIGNAL < code <= _BY_SIGNAL + signal.SIGRTMAX
        return by_signal and self.state.interrupted == stopping.words()

    def _end(self) -> None:
        self.note.over = True
        self._write_note()
        self._be_over()

    def _be_over(self) -> None:
        self._become(OVER, "was asked to end before all of its runs were over" if self.was_stopped else "")

    def _give_up(self, reason: str) -> None:
        self.note.reason = reason
        with suppress(BenchError):  # a full disk may be the very reason
            if self._files.folder.path.is_dir():
                self._write_note()
        self._become(GIVEN_UP, reason)

    def _lost(self) -> None:
        """Give a host up that stays away: what ran there is not known, and nothing is run again."""
        self._give_up(f"host lost: not reachable for {self._patience:.0f} s ({self.reason})")

    def _unreachable(self, error: LinkLostError) -> None:
        self._become(UNREACHABLE, self._words(error))
        self.looked_at.set()

    def _become(self, phase: str, reason: str = "") -> None:
        self.phase, self.reason = phase, reason
        self._on_change()


def _hint(host: Host, said: str) -> str:
    """Return what to do about a host whose shell says this, and where no harness answers."""
    if host.folder and _NO_FOLDER in said:
        return (
            f"hosts.{host.name}.folder of the lab file is {one_line(host.folder)}: make this folder on the host, or "
            "write where its harness and its boards are"
        )
    return (
        f"hosts.{host.name}.harness of the lab file is {one_line(' '.join(host.harness))}: install the harness there, "
        "or write the command that it is"
    )
