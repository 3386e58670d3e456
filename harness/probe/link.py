"""Calls the functions in a firmware through its probe. Source: docs/probe-protocol.md."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn

from harness.errors import ToolError
from harness.probe.answers import NULL, Answer, Ending, Hello, Null, ending_of, piece_of
from harness.probe.conversation import ProbeConsole, Traffic
from harness.probe.errors import (
    CallLostError,
    CrashedError,
    MissingFunctionError,
    NoProbeError,
    ProbeTooSmallError,
)
from harness.probe.exchange import (
    MOST_ATTEMPTS,
    NO_FUNCTION,
    SLOT_LACKS,
    AnswerGoneError,
    Exchange,
    StartedAnew,
)
from harness.probe.functions import FUNCTIONS
from harness.probe.lines import FINAL, Kind, Reply, crc16, puts, value_of
from harness.probe.secrecy import NothingWritten, Secrecy, SecretBytes, WithheldError
from harness.probe.settings import Probe
from harness.transport.printable import safe_text

__all__ = ["NULL", "Answer", "Hello", "Null", "ProbeLink"]

LIST = "fns"
"""The function that every probe has: it names the others."""

_USES_UP = {"aes": "b", "sm4": "b", "hsh": "b"}
_STARTING = ("rst", "crs")
_FETCHED = 128  # bytes that one `get` asks for
_LEAST_FETCHED = 16
_GOOD_IN_A_ROW = 8  # pieces after which larger ones are tried again
_WORD = (1 << 32) - 1

_ANSWERED, _MISSING, _LOST = range(3)
_OUTCOME, _NUMBERS, _STATE = (
    f"{what} of a withheld call" for what in ("outcome", "numbers", "state after the end")
)


class ProbeLink:
    """The probe of a board.

    Invariants:
        * A call is carried out at most once; one that may have been carried out is never sent again.
        * A start of the board that was not waited for by `again` ends the next call, or the one that runs, in an error.

    Args:
        console: The board's console, open.
        settings: The `probe` section of the board file.
        crash_in: Returns what an output of the console shows of a crash, in words; empty for nothing.
        secrecy: Keeps what is secret out of what is written down.
        on_call: Called with each call that came back: the function, what went into slot a, and the answer.
        on_start: Called before a call that starts the board anew, or has it crash.
        log_in: Called before a start is greeted: brings the shell that leads to the probe to its prompt.
        asked_starts: Tells how many starts of the board were asked for so far.
        pause: Waits between two pieces of a line to a slow UART.
    """

    def __init__(
        self,
        console: ProbeConsole,
        settings: Probe | None = None,
        *,
        crash_in: Callable[[bytes], str] = lambda _: "",
        secrecy: Secrecy | None = None,
        on_call: Callable[[str, bytes, Answer], None] = lambda *_: None,
        on_start: Callable[[], None] = lambda: None,
        log_in: Callable[[], None] = lambda: None,
        asked_starts: Callable[[], int] = lambda: 0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._console = console
        self._settings = settings or Probe()
        self._crash_in = crash_in
        self._secrecy = secrecy or NothingWritten()
        self._hidden = False
        self._on_call = on_call
        self._on_start = on_start
        self._exchange = Exchange(console, self._settings, pause, log_in, asked_starts)
        self._hello: Hello | None = None
        self._functions: frozenset[str] | None = None
        self._filled: dict[str, bytes] = {}
        self._fetch = _FETCHED
        self._good = 0
        self._began = 0  # offset in the console's output

    @property
    def name(self) -> str:
        """Name of the transport that leads to the probe."""
        return self._exchange.name

    @property
    def starts(self) -> int:
        """How many starts of the firmware were seen since the first contact."""
        return self._exchange.starts

    @property
    def traffic(self) -> Traffic:
        """What went over the line so far."""
        return self._exchange.line.traffic

    @property
    def hello(self) -> Hello:
        """What the firmware says of itself, of its present start.

        Raises:
            NoProbeError: Nothing answers, or a probe of another version; or the board starts again and again.
            ProbeProtocolError: What answers says what no probe says.
            BenchError: The device is gone.
        """
        if self._hello is None:
            self._forget()
            self._hello = self._exchange.greet()
            self._show()
        return self._hello

    @property
    def functions(self) -> frozenset[str]:
        """The functions in this firmware, by their three letters.

        Raises:
            HarnessError: As `call`.
        """
        hello = self.hello
        if self._functions is None:
            answer = self.call(LIST, out=hello.result)
            names = answer.data.decode("ascii", errors="replace").split(".")
            self._functions = frozenset(name for name in names if name in FUNCTIONS)
        return self._functions

    def again(self, limit: float | None = None) -> Hello:
        """Wait for the next start of the board, after a reset or a power cut that was asked for, and greet it.

        Args:
            limit: Seconds; three times `probe.start_s` of the board file when left out.

        Raises:
            NoProbeError: It does not start, its probe does not answer, or it starts again and again.
            BenchError: The device is gone.
        """
        self._forget()
        self._exchange.await_start(limit or 3 * self._settings.start_s)
        return self.hello

    def will_start(self) -> None:
        """Forget the present start: the board is about to start anew, and is greeted when it is next used."""
        self._forget()
        self._exchange.forget_start()

    def start_by(self, function: str, *, k: int = 0, limit: float | None = None) -> Hello:
        """Call a function that starts the board anew and never returns (`rst`, `crs`), and greet the new start.

        Args:
            function: Its three letters.
            k: Its number.
            limit: Seconds until the board says hello; three times `probe.start_s` of the board file when left out.

        Raises:
            NoProbeError: It does not start anew, or its probe does not answer then.
            MissingFunctionError: The firmware does not have the function.
            BenchError: The device is gone.
        """
        self._require_known(function)
        seconds = limit or 3 * self._settings.start_s
        _ = self.hello
        self._on_start()
        try:
            reply = self._exchange.run(_words(function, {}, NULL, numbers={"k": k}), seconds, quietly=True)
        except StartedAnew:
            self._forget()
            return self.hello
        finally:
            self._exchange.called = False
        if reply.kind not in FINAL:
            self._not_made(reply, function)
        raise self._returned(function)

    def order_start(self, function: str, *, k: int = 0) -> None:
        """Call a function that starts the board anew, and return when the probe has taken the call.

        The start is for whoever comes next to see: by `again`, or on the console, whose output is left for them.

        Args:
            function: Its three letters.
            k: Its number.

        Raises:
            NoProbeError: No probe answers, or the function returned.
            MissingFunctionError: The firmware does not have the function.
            BenchError: The device is gone.
        """
        self._require_known(function)
        _ = self.hello
        self._on_start()
        with suppress(StartedAnew):
            reply = self._exchange.order(_words(function, {}, NULL, numbers={"k": k}))
            if reply is not None and reply.kind in FINAL:
                raise self._returned(function)
            if reply is not None:
                self._not_made(reply, function)

    def call(
        self,
        function: str,
        *,
        a: bytes | Null = NULL,
        b: bytes | Null = NULL,
        c: bytes | Null = NULL,
        out: int | Null = NULL,
        no_length: bool = False,
        k: int = 0,
        m: int = 0,
        n: int = 0,
        p: int = 0,
        limit: float | None = None,
        secret: bool = False,
    ) -> Answer:
        """Call a function and return what it answered, whatever that is.

        Args:
            function: Its three letters.
            a: What goes into slot a; a `Null` for a NULL pointer.
            b: The same for slot b.
            c: The same for slot c.
            out: Bytes of the output buffer; a `Null` for a NULL pointer.
            no_length: Whether the pointer to the length is NULL.
            k: A number, unsigned, 32 bits; its meaning and that of the others is in the protocol.
            m: A number.
            n: A number.
            p: A number.
            limit: Seconds of the device's own time; `probe.call_s` of the board file when left out.
            secret: Whether what goes over must stand in no recording.

        Raises:
            CallLostError: The board started anew before the call or in the middle of it; it is not called again.
            CrashedError: It did so with a crash on its console.
            NoProbeError: Nothing answers, or the probe is too old for the call.
            ProbeTooSmallError: Its buffers are too small for the call.
            UnansweredCallError: The call began and did not end.
            MissingFunctionError: The firmware does not have the function.
            ProbeProtocolError: A reply holds what no probe says.
            WithheldError: A replay: the recorded call was secret, and ended in an error.
            BenchError: The device is gone.
        """
        self._require_known(function)
        hello = self.hello
        given = {"a": a, "b": b, "c": c}
        self._require_room(hello, function, given, out)
        words = _words(function, given, out, no_length=no_length, numbers={"k": k, "m": m, "n": n, "p": p})
        capacity = out if isinstance(out, int) else None
        if function in _STARTING:
            self._on_start()
        if secret:
            return self._secretly(words, given, capacity, limit)
        if self._hidden:  # the secret call before did not come to its end
            self._wipe(function)
            self._show()
        return self._made(words, given, capacity, limit)

    def _made(
        self,
        words: tuple[str, ...],
        given: Mapping[str, bytes | Null],
        capacity: int | None,
        limit: float | None,
    ) -> Answer:
        """Make a call."""
        self._began = self._console.received
        try:
            for slot, value in given.items():
                if isinstance(value, bytes) and value and self._filled.get(slot) != value:
                    self._fill(slot, value)
            ending = self._called(words, capacity, limit)
            data = self._result(ending)
        except StartedAnew as error:
            raise self._lost(words[0], answer_gone=isinstance(error, AnswerGoneError)) from None
        finally:
            self._exchange.called = False
        answer = Answer(ending.rc, ending.length, data, ending.overwritten)
        first = given["a"]
        self._on_call(words[0], first if isinstance(first, bytes) else b"", answer)
        return answer

    # ---- what is secret
    def _secretly(
        self,
        words: tuple[str, ...],
        given: Mapping[str, bytes | Null],
        capacity: int | None,
        limit: float | None,
    ) -> Answer:
        """Make a call of which no value is written down."""
        if self._secrecy.replayed:
            return self._withheld(words[0])
        self._hidden = True
        self._secrecy.begin()
        try:
            answer = self._made(words, given, capacity, limit)
        except MissingFunctionError:
            self._end_of_hidden(words[0], _MISSING)
            raise
        except BaseException as error:
            if isinstance(error, CallLostError | CrashedError):
                self._show()  # another start knows nothing of it
            self._keep(_OUTCOME, _LOST)
            raise
        self._end_of_hidden(words[0], _ANSWERED)
        self._keep(_NUMBERS, answer.rc, answer.length, len(answer.data), answer.overwritten)
        return Answer(
            answer.rc, answer.length, SecretBytes(answer.data, self._secrecy.number), answer.overwritten
        )

    def _end_of_hidden(self, function: str, outcome: int) -> None:
        self._wipe(function)
        self._show()
        self._keep(_OUTCOME, outcome)
        self._keep(_STATE, *self._exchange.line.state, self._fetch, self._good)

    def _withheld(self, function: str) -> Answer:
        """Return what is kept of a secret call: its result code and its lengths."""
        outcome = self._kept(_OUTCOME)
        self._filled.clear()
        if outcome == _LOST:
            raise WithheldError(f"the call {function}, which ended in an error,")
        self._exchange.line.state = (self._kept(_STATE), self._kept(_STATE))
        self._fetch, self._good = self._kept(_STATE), self._kept(_STATE)
        if outcome == _MISSING:
            self._missing(function)
        rc, length, size, overwritten = (self._kept(_NUMBERS) for _ in range(4))
        return Answer(rc, length, SecretBytes(b"*" * size, self._secrecy.number), overwritten)

    def _keep(self, purpose: str, *values: int) -> None:
        left = iter(values)
        for _ in values:
            self._secrecy.number(purpose, lambda: next(left))

    def _kept(self, purpose: str) -> int:
        return self._secrecy.number(purpose, lambda: 0)

    def _show(self) -> None:
        """Let the traffic be recorded again."""
        if self._hidden:
            self._hidden = False
            self._secrecy.end()

    def _wipe(self, function: str) -> None:
        """Empty slots and result, so that nothing secret is repeated later: what comes after is no secret."""
        self._filled.clear()
        try:
            self._exchange.answered("clr", kind=Kind.DONE)
        except StartedAnew:
            raise self._lost(function) from None

    # ---- what goes over
    def _require_known(self, function: str) -> None:
        if function != LIST and function not in FUNCTIONS:
            raise ToolError(f"{self.name}: there is no function {function!r} in the protocol of the probe")

    def _require_room(
        self, hello: Hello, function: str, given: Mapping[str, bytes | Null], out: int | Null
    ) -> None:
        needed = [
            f"slot {slot} holds {room} bytes, {len(value)} are needed"
            for (slot, value), room in zip(given.items(), hello.slots, strict=True)
            if isinstance(value, bytes) and len(value) > room
        ]
        if isinstance(out, int) and out > hello.result:
            needed.append(f"its result holds {hello.result} bytes, {out} are asked for")
        if needed:
            raise ProbeTooSmallError(
                f"{self.name}: the probe is built too small for the call {function}: {'; '.join(needed)}",
                hint="build it with larger buffers (firmware/probe/id2_probe_config.h)",
                transport=self.name,
            )

    def _fill(self, slot: str, value: bytes) -> None:
        self._filled.pop(slot, None)
        end = 0
        for offset, piece in puts(slot, value, self._exchange.line.longest):
            end = offset + len(value_of(piece))
            reply = self._exchange.answered("put", slot, str(offset), piece, kind=Kind.DONE)
            if reply.words != ("0", str(end), f"{crc16(value[:end]):04X}"):
                raise self._exchange.wrong(reply, f"confirms something else than {end} bytes for slot {slot}")
        self._filled[slot] = value

    def _called(self, words: tuple[str, ...], capacity: int | None, limit: float | None) -> Ending:
        if len(" ".join(("id2p 00 run", *words, "%0000"))) > self._exchange.line.longest:
            raise ToolError(f"{self.name}: the call {words[0]} does not fit into one line of the probe")
        reply = self._exchange.run(words, limit or self._settings.call_s, quietly=words[0] in _STARTING)
        if reply.kind not in FINAL:
            self._not_made(reply, words[0])
        self._filled.pop(_USES_UP.get(words[0], ""), None)
        assert self._hello is not None, "it was greeted before the call"
        return ending_of(reply, capacity, self._hello.result, self._exchange.wrong)

    def _result(self, ending: Ending) -> bytes:
        """Return the whole result; what came with the end of the call is fetched anew when the sum does not fit."""
        data = self._fetched(ending.first, ending.size)
        if crc16(data) != ending.crc:
            data = self._fetched(b"", ending.size)
        if crc16(data) != ending.crc:
            reply = self._exchange.answered("rep", kind=Kind.DONE)
            raise self._exchange.wrong(
                reply, f"gives a check sum that is not that of the {ending.size} bytes it gives"
            )
        return data

    def _fetched(self, first: bytes, size: int) -> bytes:
        data = bytearray(first)
        lost = 0
        while len(data) < size:
            count = min(self._fetch, size - len(data))
            reply = self._exchange.ask("get", str(len(data)), str(count), attempts=1)
            if reply is None:
                lost += 1
                self._good, self._fetch = 0, max(_LEAST_FETCHED, self._fetch // 2)
                if lost > MOST_ATTEMPTS:
                    raise self._exchange.silence("the probe does not give the result of a call")
                continue
            if reply.kind is not Kind.DATA:
                self._exchange.refused(reply, "a part of its result")
            lost = 0
            self._good += 1
            if self._good >= _GOOD_IN_A_ROW:
                self._good, self._fetch = 0, min(_FETCHED, 2 * self._fetch)
            data += piece_of(reply, len(data), count, self._exchange.wrong)
        return bytes(data)

    # ---- what went wrong
    def _forget(self) -> None:
        self._hello = None
        self._functions = None
        self._filled.clear()

    def _lost(self, function: str, *, answer_gone: bool = False) -> CallLostError | CrashedError:
        """Return the error for a start that nobody asked for, or for an answer that only a start explains."""
        boot = self._exchange.boot or 0
        self._forget()
        called = self._exchange.called
        when = (
            f"in the middle of the call {function}, which may have been carried out and is not repeated"
            if called
            else f"before the call {function}, which was not made; what was set up before is gone"
        )
        text = f"{self.name}: the board started anew {when}"
        output, _ = self._console.since(self._began)
        if called and (crash := self._crash_in(output)):
            shown = "" if self._hidden else f": {safe_text(crash, 160)}"
            return CrashedError(
                f"{text}; its console shows a crash{shown}",
                hint="look at the console around it: `harness trace` shows it",
                transport=self.name,
            )
        if answer_gone:
            return CallLostError(
                f"{self.name}: the probe acknowledged the call {function} and then has no answer to it (NK 8), under "
                f"the same boot id {boot:04X}; the call may have been carried out and is not repeated",
                hint="either the board started anew under the same boot id (is id2_probe_start given a seed that "
                "differs from start to start?), or the firmware's probe loses its last answer",
                transport=self.name,
            )
        return CallLostError(
            text,
            hint="look at the board's supply, and at its console for the cause (watchdog, brown-out)",
            transport=self.name,
        )

    def _not_made(self, reply: Reply, function: str) -> NoReturn:
        if reply.refusal == NO_FUNCTION:
            self._missing(function)
        if (
            reply.refusal == SLOT_LACKS
        ):  # what was confirmed is gone: the board has started, and its hello was lost
            raise StartedAnew
        self._exchange.refused(reply, f"the call {function}")

    def _returned(self, function: str) -> NoProbeError:
        return NoProbeError(
            f"{self.name}: the function {function} of the probe returned, and must start the board anew",
            hint=f"look at {FUNCTIONS[function].look_at}",
            transport=self.name,
        )

    def _missing(self, function: str) -> NoReturn:
        known = FUNCTIONS[function]
        names = ", ".join(known.calls) or "what the port of the probe must bring"
        raise MissingFunctionError(
            f"{self.name}: the firmware does not have {names}, which must {known.purpose} (function {function} of the "
            f"probe, group {known.group})",
            function,
            hint=f"look at {known.look_at}",
            transport=self.name,
        )


def _words(
    function: str,
    given: Mapping[str, bytes | Null],
    out: int | Null,
    *,
    no_length: bool = False,
    numbers: Mapping[str, int],
) -> tuple[str, ...]:
    """Return the words of a call; what is left out of them is NULL or 0."""
    arguments = [
        f"{slot}={_null(value) if isinstance(value, Null) else len(value)}"
        for slot, value in given.items()
        if value != NULL
    ]
    if out != NULL:
        arguments.append(f"o={_null(out) if isinstance(out, Null) else out}")
    if no_length:
        arguments.append("l=-")
    arguments += [f"{name}={value & _WORD}" for name, value in numbers.items() if value]
    return (function, ",".join(arguments)) if arguments else (function,)


def _null(pointer: Null) -> str:
    return f"-{pointer.length}" if pointer.length else "-"
