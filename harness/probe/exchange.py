"""Requests and their answers, over a line that loses and adds bytes, to a board that may start anew at any moment.

What does no harm twice is sent until it is answered; a call is carried out at most once.
Source: docs/probe-protocol.md.
"""

import time
from collections.abc import Callable
from typing import NoReturn

from harness.hostload import HostOverloadedError
from harness.probe.answers import Hello, hello_of
from harness.probe.conversation import LONGEST_WAIT, Conversation, Noise, ProbeConsole
from harness.probe.errors import NoProbeError, ProbeProtocolError, UnansweredCallError
from harness.probe.lines import FINAL, NO_SEQ, Kind, Reply
from harness.probe.settings import Probe
from harness.transport.printable import safe_text

VERSION = 1
"""The version of the protocol that this harness speaks."""

ATTEMPTS = 8
"""How often a line is sent without a sign of life before the probe counts as silent."""

MOST_ATTEMPTS = 128
"""The same with signs of life, on a line so noisy that hardly anything comes through."""


UPDATE = "build the firmware with the probe that belongs to this harness (firmware/probe)"
"""What to do with a probe that says other things than this harness understands."""

_CHECK = (
    "is the probe built in (ID2_PROBE_ENABLE) and fed with the console's lines? are baud rate and wiring right? "
    "`harness trace` shows what came"
)
_STARTS_IN_A_ROW = 5
_FIRST_LOOK = 0.5  # seconds after which a running call is asked about
_MOST_DOUBLED = 4

CRC_WRONG, SLOT_LACKS, NO_FUNCTION, TOO_LONG, SEQ_USED, NOTHING_TO_REPEAT = 1, 4, 5, 6, 7, 8
_NOISE = frozenset({CRC_WRONG, TOO_LONG, SEQ_USED})  # a line that lost its end goes on with the next one


class StartedAnew(Exception):  # noqa: N818 - it ends what was going on, and is told on as an error of its own
    """The board has started anew, and nobody had asked for it."""


class AnswerGoneError(StartedAnew):
    """The probe acknowledged a call, reads on, and has no answer to it, though the number of its start is the same."""


class _Tries:
    """How often a line was sent, and whether it is worth sending again.

    Args:
        silent: How often it is sent without a sign of life.
        until: Moment up to which it is sent even without one.
    """

    def __init__(self, silent: int, until: float) -> None:
        self._silent = silent
        self._until = until
        self._most = MOST_ATTEMPTS if silent > 1 else 1
        self._without_life = 0
        self._doubled = 0
        self._damaged = False
        self.made = 0

    def left(self, now: float) -> bool:
        """Tell whether to send it."""
        return self.made < self._most and (self._without_life < self._silent or now < self._until)

    @property
    def repeated_in_silence(self) -> bool:
        """Whether it was sent again for no other reason than that nothing came."""
        return self.made > 1 and not self._damaged

    def wait(self, patience: float) -> float:
        """Count one more, and return for how many seconds to wait for its answer."""
        self.made += 1
        self._without_life += 1
        seconds = max(patience, min(patience * (1 << self._doubled), LONGEST_WAIT))
        self._doubled = min(self._doubled + 1, _MOST_DOUBLED)
        return seconds

    def sign_of_life(self) -> None:
        """Begin the count anew, as something came, damaged or not understood."""
        self._without_life = self._doubled = 0
        self._damaged = True


class Exchange:
    """Has one request after the other answered.

    Args:
        console: The board's console, open.
        settings: The `probe` section of the board file.
        pause: Waits between two pieces of a line to a slow UART.
        asked_starts: Tells how many starts of the board were asked for so far.
        log_in: Called before a start is greeted, and before a board that may have started anew is asked about a call.

    Attributes:
        boot: Which start of the firmware is known; None before the first contact.
        starts: How many starts were seen since then.
        called: Whether a call may have been carried out that has not ended yet.
    """

    def __init__(
        self,
        console: ProbeConsole,
        settings: Probe,
        pause: Callable[[float], None] = time.sleep,
        log_in: Callable[[], None] = lambda: None,
        asked_starts: Callable[[], int] = lambda: 0,
    ) -> None:
        self._settings = settings
        self._log_in = log_in
        self._asked_starts = asked_starts
        self._known_starts = asked_starts()
        self._line = Conversation(console, settings, pause)
        self.boot: int | None = None
        self.starts = 0
        self.called = False
        self._running = NO_SEQ
        self._acknowledged = False
        self._final: Reply | None = None
        self._repeated = NO_SEQ

    @property
    def name(self) -> str:
        """Name of the transport, for messages."""
        return self._line.name

    @property
    def line(self) -> Conversation:
        """The lines themselves."""
        return self._line

    # ---- starts
    def _is_news(self, reply: Reply, known: int | None) -> bool:
        """Tell whether a reply shows another start than the known one, and count it."""
        unasked = reply.kind is Kind.HELLO and reply.seq == NO_SEQ
        if reply.boot == known and not unasked:
            return False
        self.starts += 1
        self.boot = reply.boot
        return True

    def forget_start(self) -> None:
        """Take the next start that is seen for one that was asked for."""
        if self.boot is not None:
            self.boot = None
            self.starts += 1

    def await_start(self, limit: float) -> None:
        """Wait until the board starts anew.

        Nothing is sent to it before it should long have said hello: a boot loader takes any key for an order to stop.

        Raises:
            NoProbeError: It does not.
            BenchError: The device is gone.
        """
        known, before = self.boot, self.starts
        now = self._line.now
        until = now() + limit
        quiet_until = now() + self._settings.start_s
        while self.starts == before:
            if now() >= until:
                raise NoProbeError(
                    f"{self.name}: the board did not start anew: no hello of its probe came within {limit:g} s",
                    hint="does the reset or the power switch reach the board? the probe prints its hello when it "
                    "starts; if that takes longer, declare it as probe.start_s",
                    transport=self.name,
                )
            got = self._line.receive(min(self._line.patience, until - now()))
            if isinstance(got, Reply):
                self._is_news(got, known)
            elif got is Noise.DAMAGED or now() >= quiet_until:
                self._log_in()
                self._greeted(self._line.patience)

    def greet(self) -> Hello:
        """Ask who is there.

        Raises:
            NoProbeError: Nobody, or a probe of another version; or the board starts again and again.
            BenchError: The device is gone, or no shell lets the harness in.
        """
        self._log_in()
        self._known_starts = self._asked_starts()
        reply = self._greeted(self._settings.start_s)
        if reply is None:
            raise self.silence("nothing answers as a probe")
        hello = hello_of(reply, self.wrong)
        if hello.version != VERSION:
            newer = (
                "update the harness, or build the firmware with the probe that belongs to it (firmware/probe)"
            )
            raise NoProbeError(
                f"{self.name}: the probe speaks version {hello.version} of its protocol, this harness version "
                f"{VERSION}",
                hint=newer if hello.version > VERSION else UPDATE,
                transport=self.name,
            )
        self._line.room = hello.line
        return hello

    def _greeted(self, seconds: float) -> Reply | None:
        """Return the hello that was asked for, for at least so many seconds; None when none came."""
        seen = 0
        seq, line = self._line.request("hi")
        tries = _Tries(ATTEMPTS, self._line.now() + seconds)
        while tries.left(self._line.now()):
            self._line.send(line, again=tries.made > 0)
            sent = self._line.now()
            answered = sent + tries.wait(self._line.patience)
            while (left := answered - self._line.now()) > 0:
                got = self._line.receive(left)
                if got is Noise.DAMAGED:
                    tries.sign_of_life()
                    break
                if isinstance(got, Noise):
                    continue
                unasked = got.kind is Kind.HELLO and got.seq == NO_SEQ
                if unasked or (self.boot is not None and got.boot != self.boot):
                    seen += 1
                    if self.boot is not None:
                        self._is_news(got, self.boot)
                    if seen > _STARTS_IN_A_ROW:
                        self._loops(seen)
                if got.kind is Kind.HELLO and got.seq == seq:
                    self.boot = got.boot
                    self._repeated = seq if tries.repeated_in_silence else NO_SEQ
                    if tries.made == 1:
                        self._line.came_after(self._line.now() - sent)
                    return got
                if got.refusal in _NOISE:
                    tries.sign_of_life()
                    break
        self._line.broke_off()
        return None

    def _loops(self, times: int) -> NoReturn:
        raise NoProbeError(
            f"{self.name}: the board starts anew again and again: it was asked who it is, and started {times} times",
            hint="look at its console for the cause (watchdog, brown-out, crash); `harness trace` shows it",
            transport=self.name,
        )

    # ---- requests that do no harm twice
    def ask(self, *words: str, attempts: int = ATTEMPTS, until: float = 0.0) -> Reply | None:
        """Have a line answered that may be sent any number of times.

        Args:
            words: The verb and what belongs to it.
            attempts: How often it is sent.
            until: Moment up to which it is sent even more often.

        Returns:
            The answer; None when none came, or when the running call has ended meanwhile.

        Raises:
            StartedAnew: The board has.
            BenchError: The device is gone.
        """
        seq, line = self._line.request(*words)
        tries = _Tries(attempts, until)
        while tries.left(self._line.now()):
            self._spare_boot_loader()
            self._catch_up()
            if self._ended() is not None:
                return None
            self._line.send(line, again=tries.made > 0)
            sent = self._line.now()
            answered = sent + tries.wait(self._line.patience)
            while (left := answered - self._line.now()) > 0:
                got = self._line.receive(left)
                if got is Noise.DAMAGED:
                    tries.sign_of_life()
                    break
                if isinstance(got, Noise):
                    continue
                self._require_same_start(got)
                if self._belongs_to_call(got):
                    if self._ended() is not None:
                        return None
                elif got.refusal in _NOISE and got.seq in {seq, NO_SEQ}:
                    tries.sign_of_life()
                    break
                elif got.seq == seq or (words[0] == "rep" and got.kind in FINAL):
                    self._repeated = seq if tries.repeated_in_silence else NO_SEQ
                    if tries.made == 1:
                        self._line.came_after(self._line.now() - sent)
                    return got
                else:
                    self._was_late(got)
        self._line.broke_off()
        return None

    def _spare_boot_loader(self) -> None:
        """Send nothing to a board that was made to start since it was greeted, until it should have said hello."""
        asked = self._asked_starts()
        if asked != self._known_starts:
            self._known_starts = asked
            self._listen(self._line.now() + self._settings.start_s)

    def _catch_up(self) -> None:
        """Look at what has come already, so that an old damaged reply is not taken for the answer to a new line."""
        while self._line.waiting():
            got = self._line.receive(0.0)
            if isinstance(got, Reply):
                self._require_same_start(got)
                self._belongs_to_call(got)

    def answered(self, *words: str, kind: Kind) -> Reply:
        """Have a line answered that may be sent any number of times, by this kind of reply.

        Raises:
            NoProbeError: It is not answered, or the probe does not understand it.
            ProbeProtocolError: It is answered by something else.
            StartedAnew: The board has started anew.
            BenchError: The device is gone.
        """
        reply = self.ask(*words)
        if reply is None:
            raise self.silence("the probe answers no more")
        if reply.kind is not kind:
            self.refused(reply, words[0])
        return reply

    def _require_same_start(self, reply: Reply) -> None:
        if self._is_news(reply, self.boot):
            raise StartedAnew

    def _was_late(self, reply: Reply) -> None:
        """Learn from a second answer to a line that was sent twice: the first was no loss, only slow."""
        if reply.seq == self._repeated and self._repeated != NO_SEQ:
            self._repeated = NO_SEQ
            self._line.came_late()

    # ---- calls
    def run(self, words: tuple[str, ...], limit: float, *, quietly: bool = False) -> Reply:
        """Have a call carried out once.

        Args:
            words: The function, and its arguments.
            limit: Seconds that the call may take.
            quietly: Whether nothing is sent before the board should have started anew: a boot loader takes any key
                for an order to stop.

        Returns:
            Its final answer, or the refusal of the probe to make it.

        Raises:
            NoProbeError: The probe does not take it.
            UnansweredCallError: It began and did not end.
            StartedAnew: The board has.
            BenchError: The device is gone.
        """
        try:
            for _ in range(MOST_ATTEMPTS):
                self._running, line = self._line.request("run", *words)
                self._acknowledged, self._final = False, None
                until = self._line.now() + limit
                self._catch_up()
                self.called = True
                self._line.send(line)
                answered = self._line.now() + self._line.patience
                refusal = self._acknowledgement(answered)
                if refusal is not None:
                    self.called = False
                    return refusal
                if self._ended() is None and self._acknowledged:
                    self._await_end(until, words[0], limit, quietly=quietly)
                elif self._ended() is None:
                    silent = self._line.now() >= answered
                    if quietly:
                        self._listen(min(until, self._line.now() + self._settings.start_s))
                    if self._ended() is None:
                        self._find_out(until)
                    if silent and self._acknowledged:
                        self._line.came_late()
                if (final := self._ended()) is not None:
                    return final
                self.called = False
        finally:
            self._running, self._final = NO_SEQ, None
        raise self.silence(f"the probe does not take the call {words[0]}")

    def order(self, words: tuple[str, ...]) -> Reply | None:
        """Have a call taken that starts the board anew, and do not wait for what comes of it.

        Its line is sent once: a board that had started meanwhile would carry it out a second time.

        Args:
            words: The function, and its arguments.

        Returns:
            A refusal of the probe; None when the call was taken, or its acknowledgement got lost.

        Raises:
            StartedAnew: The board has already.
            BenchError: The device is gone.
        """
        self._running, line = self._line.request("run", *words)
        self._acknowledged, self._final = False, None
        try:
            self._catch_up()
            self._line.send(line)
            return self._acknowledgement(self._line.now() + self._line.patience) or self._ended()
        finally:
            self._running, self._final = NO_SEQ, None

    def _acknowledgement(self, answered: float) -> Reply | None:
        """Wait until the call is acknowledged, has ended, or nothing more is to be waited for.

        Args:
            answered: Moment up to which to wait.

        Returns:
            A refusal that stands; None else.
        """
        while (left := answered - self._line.now()) > 0:
            got = self._line.receive(left)
            if got is Noise.DAMAGED:
                return None
            if isinstance(got, Noise):
                continue
            self._require_same_start(got)
            if self._belongs_to_call(got):
                return None
            if got.refusal in _NOISE and got.seq in {self._running, NO_SEQ}:
                return None
            if got.seq == self._running:
                return got
            self._was_late(got)
        return None

    def _ended(self) -> Reply | None:
        """Return the final answer of the running call, if it has come."""
        return self._final

    def _belongs_to_call(self, reply: Reply) -> bool:
        """Tell whether a reply belongs to the running call, and keep what it says."""
        if self._running == NO_SEQ or reply.seq != self._running:
            return False
        if reply.kind in FINAL:
            self._final = reply
        elif reply.kind is Kind.ACKNOWLEDGED:
            self._acknowledged = True
        else:
            return False
        return True

    def _await_end(self, until: float, function: str, limit: float, *, quietly: bool) -> None:
        """Wait for the end of a call that has begun; now and then ask, as the answer may have been lost."""
        look = min(limit, self._settings.start_s) if quietly else max(_FIRST_LOOK, self._line.patience)
        next_look = self._line.now() + look
        while self._ended() is None and (left := min(next_look, until) - self._line.now()) > 0:
            got = self._line.receive(left)
            if isinstance(got, Reply):
                self._require_same_start(got)
                self._belongs_to_call(got)
            elif (got is Noise.DAMAGED and not quietly) or self._line.now() >= next_look:
                look *= 2
                self._ask_for_end(attempts=2)
                next_look = self._line.now() + look
        if self._ended() is None:
            self._ask_for_end(attempts=ATTEMPTS)
        if self._ended() is None:
            self._did_not_end(function, limit)

    def _listen(self, until: float) -> None:
        """Send nothing, and wait for the end of a call or a start of the board."""
        while self._ended() is None and (left := until - self._line.now()) > 0:
            got = self._line.receive(left)
            if isinstance(got, Reply):
                self._require_same_start(got)
                self._belongs_to_call(got)

    def _ask_for_end(self, attempts: int) -> None:
        reply = self.ask("rep", attempts=attempts)
        if reply is not None and reply.refusal == NOTHING_TO_REPEAT:
            raise AnswerGoneError

    def _find_out(self, until: float) -> None:
        """Find out what became of a call of which nothing was heard.

        Its line is not sent again at once: the board may have started anew, and would carry it out a second time.
        What the probe says after a greeting, it says after everything that it was sent before.
        """
        self._log_in()
        greeted = self.ask("hi", until=until)
        if self._ended() is None and greeted is None:
            raise self.silence(
                "the probe answers no more since it was sent a call, which may have been carried out"
            )
        if self._ended() is None and self.ask("rep") is None and self._ended() is None:
            raise self.silence(
                "the probe answers no more since it was sent a call, which may have been carried out"
            )
        if self._ended() is None and self._acknowledged:
            raise AnswerGoneError

    def _did_not_end(self, function: str, limit: float) -> NoReturn:
        if self._line.overload is not None:
            raise self._line.overload
        raise UnansweredCallError(
            f"{self.name}: the call {function} began and did not end within {limit:g} s; the probe answers nothing "
            "since, and the call may have been carried out",
            hint="does the board hang? `harness trace` shows what came; for a function that is slow, declare "
            "probe.call_s",
            transport=self.name,
        )

    # ---- errors
    def silence(self, what: str) -> NoProbeError | HostOverloadedError:
        """Return the error for what nothing answers; that of this machine when it was too late to judge by it."""
        if self._line.overload is not None:
            return self._line.overload
        return NoProbeError(
            f"{self.name}: {what}; {ATTEMPTS} lines or more went out for it", hint=_CHECK, transport=self.name
        )

    def refused(self, reply: Reply, what: str) -> NoReturn:
        """Tell why the probe does not do something.

        Args:
            reply: What it answered.
            what: What it was asked to do: a verb, or `the call gid`.

        Raises:
            NoProbeError: It says why.
            ProbeProtocolError: Its reply is no refusal.
        """
        if not reply.refusal:
            raise self.wrong(reply, "is no answer to what was asked")
        raise NoProbeError(
            f"{self.name}: the probe refuses {what} (NK {reply.refusal}): it {_REFUSALS[reply.refusal]}",
            hint=UPDATE,
            transport=self.name,
        )

    def wrong(self, reply: Reply, why: str) -> ProbeProtocolError:
        """Return the error for a reply that holds what no probe says; it shows nothing of a result."""
        said = safe_text(" ".join((reply.kind, *(word for word in reply.words if ":" not in word))), 100)
        return ProbeProtocolError(
            f"{self.name}: a reply of the probe with a right check sum {why}: {said}",
            hint=UPDATE,
            transport=self.name,
        )


_REFUSALS = {
    1: "finds the check sum wrong",
    2: "knows no such verb",
    3: "does not understand an argument, or it is too much for it",
    4: "has no such slot, or it is too small",
    5: "has no such function",
    6: "takes no line of this length",
    7: "has just seen another line of this number",
    8: "has nothing to repeat",
}
