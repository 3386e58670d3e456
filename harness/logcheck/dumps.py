"""Put hex dumps together from their rows, and APDU exchanges from their dumps.

Source: device-protocol.md i.1 (layout of the dumps), e.2 (what an exchange looks like).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.console import events as e
from harness.logcheck.facts import Dump
from harness.logcheck.model import Exchange

_ANSWER_WITHIN = 8
_ROWS_AFTER = 4  # lines behind the last row that was read in which a torn row may stand


@dataclass(slots=True)
class _Draft:
    command: Dump
    response: Dump | None = None
    result: int | None = None
    driver_length: int | None = None
    returned: bool = False


class DumpReader:
    """Takes the events of a boot in order and collects dumps and exchanges."""

    def __init__(self) -> None:
        self.dumps: list[Dump] = []
        self._drafts: list[_Draft] = []

    def take(self, line: int, event: e.Event) -> bool:
        """Take an event; tell whether it was (part of) a dump."""
        match event:
            case e.DumpStart():
                self._start(line, event)
                return True
            case e.DumpRow():
                return self._row(line, event)
            case e.ChipCall(call="transmit", returned=True) if self._drafts and not self._drafts[-1].returned:
                draft = self._drafts[-1]
                draft.result, draft.driver_length, draft.returned = event.result, event.response_length, True
        if self.dumps and len(self.dumps[-1].data) >= self.dumps[-1].length:
            self.dumps[-1].closed = True
        return False

    def exchanges(self, boot: int, torn: list[Dump], unread: Mapping[int, str]) -> list[Exchange]:
        """Return the exchanges of the boot, without those of which a dump is torn or may be."""
        return [
            _exchange(boot, draft)
            for draft in self._drafts
            if not any(dump is draft.command or dump is draft.response for dump in torn)
            and not (draft.response is None and _follows(draft.command, unread))
        ]

    def torn(self, unread: Mapping[int, str]) -> list[Dump]:
        """Return the dumps that are not whole and have a line among their rows that could not be read."""
        return [
            dump
            for dump in self.dumps
            if dump.damage and any(line in unread for line in range(dump.line, dump.last_line + _ROWS_AFTER))
        ]

    def _start(self, line: int, event: e.DumpStart) -> None:
        dump = Dump(event.name, line, event.length, event.direction, event.origin.tagged, line)
        self.dumps.append(dump)
        if event.direction == "command":
            self._drafts.append(_Draft(dump))
        elif event.direction == "response" and self._drafts and self._drafts[-1].response is None:
            self._drafts[-1].response = dump

    def _row(self, line: int, event: e.DumpRow) -> bool:
        if not self.dumps or self.dumps[-1].closed:
            return False
        dump = self.dumps[-1]
        if dump.tagged and not event.origin.tagged:
            return False
        if len(dump.data) >= dump.length and line > dump.last_line + 1:
            return False  # somebody else's row: those of one dump stand in lines that follow each other
        dump.data += event.data
        dump.last_line = line
        return True


def _follows(command: Dump, unread: Mapping[int, str]) -> bool:
    """Tell whether a line that could not be read stands where the answer is due."""
    return any(line in unread for line in range(command.line, command.last_line + _ANSWER_WITHIN))


def _exchange(boot: int, draft: _Draft) -> Exchange:
    response = draft.response
    damage = [dump.damage for dump in (draft.command, response) if dump is not None and dump.damage]
    return Exchange(
        boot=boot,
        lines=(draft.command.line, (response or draft.command).last_line),
        command=draft.command.data,
        response=b"" if response is None else response.data,
        command_length=draft.command.length,
        response_length=None if response is None else response.length,
        result=draft.result,
        driver_length=draft.driver_length,
        damaged="; ".join(damage),
    )
