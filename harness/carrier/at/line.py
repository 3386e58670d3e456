"""One AT command at a time over a stream, whatever else stands on the line: echoes, unasked lines, noise, late finals.

Source: consoles.md A5.
"""

import re
import time
from collections.abc import Mapping

from harness.carrier.at.dialect import AtCommand, AtDialect
from harness.carrier.at.template import Template, TemplateError
from harness.errors import BenchError, DeviceError, UsageError
from harness.transport.base import Capability, SetLines, SetSpeed, StreamRead, StreamWrite, Transport
from harness.transport.printable import safe_text

_CHUNK = 4096
_LONGEST = 16_384  # bytes of a line
_KEPT = 8  # lines of what was not understood
_WIDTH = 100
_PROBE_S = 1.0
_PROBES = 3  # at each other speed: what a module says at a start can hide the first, and it may miss one
_ENDS = re.compile(rb"[\r\n]+")


class ModuleRestartedError(DeviceError):
    """The module says that it has started anew, in the middle of a command."""


class RefusedError(Exception):
    """The module refuses a command.

    Attributes:
        said: Its own code; empty when it gives none.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class AtLine:
    """The line to a module.

    Args:
        transport: An open stream.
        dialect: How the module is spoken to.

    Attributes:
        restarted: Whether it has been heard starting; whoever starts its client takes it back.
    """

    def __init__(self, transport: Transport, dialect: AtDialect) -> None:
        self._transport = transport
        self._dialect = dialect
        self._came = b""
        self._is_up = False
        self._owes = False
        self._odd: list[str] = []
        self.restarted = False
        self._errors = [Template(text) for text in dialect.error]

    def run(
        self, command: AtCommand, values: Mapping[str, bytes | None], *, shown: bool = True
    ) -> bytes | None:
        """Send a command and return the value of its answer; None for a command without one.

        Args:
            command: The command.
            values: Its fields.
            shown: Whether messages may repeat what the module says.

        Raises:
            RefusedError: The module refuses.
            ModuleRestartedError: It starts anew instead.
            UsageError: A value cannot be written as the dialect says.
            BenchError: No final result comes in time, no answer before it, or one that is torn.
        """
        self.ready()
        try:
            asked = Template(command.send).write(values)
            data = None if command.data is None else Template(command.data).write(values)
        except TemplateError as error:
            raise UsageError(
                f"dialect {self._dialect.name}: {error}", transport=self._transport.name
            ) from None
        deadline = time.monotonic() + command.timeout_s
        self._odd.clear()
        self._send(asked + self._dialect.eol)
        echoes = [asked]
        if data is not None:
            assert command.prompt is not None, "data goes with a prompt"
            self._await_prompt(command.prompt, echoes, deadline, command, shown=shown)
            self._send(data + command.data_end)
            echoes.append(data)
        return self._answer(command, echoes, deadline, shown=shown)

    def ready(self) -> None:
        """Have the module hear commands: wake it, get rid of what an earlier command owes, set it up after a start.

        Raises:
            BenchError: It does not answer.
        """
        self._look_at_what_stands_there()
        wake = self._dialect.wake
        if wake is not None and Capability.LINES in self._transport.capabilities:
            self._transport.do(SetLines(dtr=wake.dtr))
            self._came += self._transport.do(StreamRead(_CHUNK, wake.ms / 1000))
        if self._owes:
            self._probe(self._dialect.ready_s + self._dialect.settle_s)
            self._settle()
            self._probe(self._dialect.ready_s)  # the first final may have been that of the old command
            self._settle()
            self._owes = False
        if not self._is_up:
            self._probe(self._dialect.ready_s + _PROBE_S)
            self._settle()
            for text in self._dialect.setup:
                self._send(text + self._dialect.eol)
                self._until_final(time.monotonic() + _PROBE_S)
            self._is_up = True

    # ---- what comes
    def _answer(self, command: AtCommand, echoes: list[str], deadline: float, *, shown: bool) -> bytes | None:
        template = None if command.answer is None else Template(command.answer)
        found: list[dict[str, bytes]] = []
        while True:
            line = self._line(deadline)
            if line is None:
                raise self._silent(command, shown=shown)
            if line in echoes:
                echoes.remove(line)
                continue
            if (
                not line.isascii() or not line.isprintable()
            ):  # noise, or torn by it: no value, whatever the dialect
                self._note(line)
                continue
            self._require_no_start(line)
            if line == (command.final or self._dialect.ok):
                return None if template is None else self._joined(found, shown=shown)
            try:
                values = None if template is None or self._is_another(line, template) else template.read(line)
            except TemplateError as error:
                self._note(f"{line} ({error})")
                continue
            if values is not None:
                found.append(values)
            else:
                self._judge_final(line)

    def _is_another(self, line: str, template: Template) -> bool:
        """Tell whether a line is known as something else than an answer, which fits a bare `{value}` as well."""
        if self._is_error(line):
            return True
        return template.begins_with_a_field and (
            line in self._dialect.lost or line.startswith(self._dialect.urc)
        )

    def _judge_final(self, line: str) -> None:
        """Raise for a final result that is no success; keep what is not understood for a message."""
        for template in self._errors:
            values = template.read(line)
            if values is not None:
                raise RefusedError(values.get("code", b"").decode().strip())
        if line in self._dialect.lost:
            raise BenchError(
                f"the module says {line!r} instead of an answer",
                hint="its line is in use for something else: put it into command mode",
                transport=self._transport.name,
            )
        if not line.startswith(self._dialect.urc):
            self._note(line)

    def _is_error(self, line: str) -> bool:
        return any(template.read(line) is not None for template in self._errors)

    def _joined(self, found: list[dict[str, bytes]], *, shown: bool) -> bytes:
        """Return the value out of its lines.

        Raises:
            BenchError: There is none, or parts are missing: what was not heard accuses nobody.
        """
        if not found:
            raise self._not_heard("no answer stood before the final result", shown=shown)
        if "part" not in found[0]:
            return found[-1]["value"]
        numbers = [int(one["part"]) for one in found]
        wanted = int(found[0].get("parts", str(len(found)).encode()))
        if numbers != list(range(numbers[0], numbers[0] + wanted)):
            raise self._not_heard(f"of {wanted} parts of an answer came {numbers}", shown=shown)
        return b"".join(one["value"] for one in found)

    def _await_prompt(
        self, prompt: str, echoes: list[str], deadline: float, command: AtCommand, *, shown: bool
    ) -> None:
        wanted = prompt.strip().encode()
        while True:
            if self._came.strip(b" \r\n") == wanted:
                self._came = b""
                return
            line = self._line(deadline, until=wanted)
            if line is None:
                raise self._silent(command, shown=shown)
            if not line:
                continue
            if line in echoes:
                echoes.remove(line)
                continue
            self._require_no_start(line)
            self._judge_final(line)

    def _line(self, deadline: float, *, until: bytes = b"") -> str | None:
        """Return the next line; None when none ends in time, and "" when only the prompt stands there."""
        while True:
            end = _ENDS.search(self._came)
            if end is not None and end.start() == 0:
                self._came = self._came[end.end() :]
                continue
            if end is not None:
                line, self._came = self._came[: end.start()], self._came[end.end() :]
                return line.decode("ascii", errors="replace").strip()
            if until and self._came.strip(b" ") == until:
                return ""
            left = deadline - time.monotonic()
            piece = self._transport.do(StreamRead(_CHUNK, max(left, 0.0)))
            if not piece:
                return None
            self._came = (self._came + piece)[-_LONGEST:]

    def _require_no_start(self, line: str) -> None:
        if line in self._dialect.ready:
            self._is_up, self.restarted = False, True
            raise ModuleRestartedError(
                f"the module started anew ({line!r}) instead of answering",
                hint="look at its power supply and its watchdog",
                transport=self._transport.name,
            )

    # ---- getting into step
    def _look_at_what_stands_there(self) -> None:
        """Read what came unasked since the last command."""
        while piece := self._transport.do(StreamRead(_CHUNK, 0)):
            self._came = (self._came + piece)[-_LONGEST:]
        for line in _ENDS.split(self._came):
            if line.decode("ascii", errors="backslashreplace").strip() in self._dialect.ready:
                self._is_up, self.restarted = False, True
        self._came = b""

    def _probe(self, limit: float) -> None:
        """Have the module answer the probe, at another speed where it does not at this one.

        Raises:
            BenchError: It answers at none.
        """
        if self._answers(limit):
            return
        speeds = self._dialect.baud_probe if Capability.SPEED in self._transport.capabilities else ()
        if self._is_up:  # it was heard at this speed: it is busy, and noise helps nobody
            speeds = ()
        for speed in speeds:
            self._transport.do(SetSpeed(speed))
            self._settle()
            if self._answers(_PROBES * _PROBE_S):
                return
        tried = f" at its own speed, nor at {', '.join(map(str, speeds))} baud" if speeds else ""
        if speeds:
            self._transport.do(SetSpeed(None))
        raise BenchError(
            f"the module does not answer {self._dialect.probe!r}{tried}",
            hint="check cable, power and baud rate; a module that sleeps needs `wake` in its dialect, and one whose "
            "speed is not known `baud_probe`",
            transport=self._transport.name,
        )

    def _answers(self, limit: float) -> bool:
        """Repeat the probe until a final result comes: a module that sets its speed by it misses the first ones."""
        end = time.monotonic() + limit
        while True:
            self._send(self._dialect.probe + self._dialect.eol)
            if self._until_final(min(end, time.monotonic() + _PROBE_S)):
                return True
            if time.monotonic() >= end:
                return False

    def _until_final(self, deadline: float) -> bool:
        while (line := self._line(deadline)) is not None:
            if line == self._dialect.ok or self._is_error(line):
                return True
        return False

    def _settle(self) -> None:
        """Read until it is silent: whatever comes belongs to what was asked before."""
        while self._transport.do(StreamRead(_CHUNK, self._dialect.settle_s)):
            pass
        self._came = b""

    def _send(self, text: str) -> None:
        self._transport.do(StreamWrite(text.encode("ascii")))

    def _note(self, line: str) -> None:
        self._odd = [*self._odd, safe_text(line, _WIDTH)][-_KEPT:]

    def _silent(self, command: AtCommand, *, shown: bool) -> BenchError:
        self._owes = True
        return self._not_heard(f"no final result came within {command.timeout_s:g} s", shown=shown)

    def _not_heard(self, what: str, *, shown: bool) -> BenchError:
        odd = f"; not understood: {' / '.join(self._odd)}" if self._odd and shown else ""
        return BenchError(
            f"the module: {what}{odd}",
            hint="compare the dialect with the module's manual; a line that loses characters needs a lower baud rate "
            "or flow control",
            transport=self._transport.name,
        )
