"""Find the auth codes of a boot, and tell which of them are one code that was printed more than once.

The program prints a code where it is made (1.0.0, debug builds), where it is used (unit tests), and in the
validation report. What matters for the device random is how often a code was *made*:

* a code printed where it is made, and right after it where it is used, is one code;
* the code of a report is made for the report: if its text stands in a unit test before, the random repeats;
* a report that is printed twice word for word is one report.
"""

import re

from harness.console import events as e
from harness.logcheck.entries import Entry
from harness.logcheck.facts import Dump, PrintedValue, ReportText, Sighting, Workings
from harness.logcheck.reporttext import report_sightings

_ELSEWHERE = re.compile(r"(?<![\w~])\d{1,2}~\d~[^\s\"'|,]{20,480}")
_LABELLED = re.compile(
    r"(?P<label>client authcode|server authcode|auth_code): \[(?P<length>\d{1,5})\]\s*(?P<code>.*)"
)
_SIGNED = "signature input data:"
_BASE64 = "base64 output: "


class CodeLines:
    """Takes what speaks of codes, in the order of the log."""

    def __init__(self) -> None:
        self.codes: list[Sighting] = []
        self.missing: list[tuple[int, ...]] = []
        self.workings = Workings()
        self._heading: tuple[int, e.AuthCodeHeading] | None = None
        self._suspects: list[int] = []
        self._labelled: Sighting | None = None
        self._generation = 0

    def head(self, line: int, event: e.AuthCodeHeading) -> None:
        """Take the heading of a code that follows on the next line."""
        self.close_heading()
        self._heading = (line, event)

    def close_heading(self) -> None:
        """Note a heading whose code did not come."""
        if self._heading is not None:
            self.missing.append((self._heading[0], *self._suspects))
        self._heading = None
        self._suspects.clear()

    def forget_workings(self) -> None:
        """Something begins that is no code: what was shown up to here belongs to none."""
        self.workings = Workings()

    def take(self, entry: Entry, event: e.AuthCodeLine, around: str) -> None:
        """Take a line that holds a code.

        Args:
            entry: The line.
            event: What it says.
            around: Names of the test that it stands in.
        """
        sighting = Sighting(
            entry.line,
            event.code,
            "demo" if event.form in ("labelled", "piped") else "unit test",
            kind=_kind(f"{event.origin.function} {around}"),
            length=event.length,
            open_end=entry.open_end,
        )
        if event.form in ("piped", "headed"):
            sighting.extra, sighting.extra_known = event.extra, True
        elif event.form == "payload" and self._heading is not None:
            heading = self._heading[1]
            sighting.extra, sighting.extra_known = heading.extra, True
            sighting.kind = _kind(heading.origin.function) or sighting.kind
        self._heading = None
        self._suspects.clear()
        if event.form == "labelled":
            self._label(sighting)
        else:
            self._use(sighting)

    def take_text(self, entry: Entry, around: str) -> bool:
        """Take a line of free text; tell whether it spoke of a code."""
        line, text = entry.line, entry.text
        if self._heading is not None:
            self._suspects.append(line)
        if text.startswith(_BASE64):
            self.workings.base64_texts.append(PrintedValue(line, text.removeprefix(_BASE64)))
            return True
        if text.startswith(_SIGNED):  # without its message: the line was broken there
            self.workings.message_texts.append(PrintedValue(line, text.removeprefix(_SIGNED).strip()))
            return True
        if found := _LABELLED.fullmatch(text):
            source = {"client authcode": "debug", "server authcode": "server"}.get(found["label"], "demo")
            code = Sighting(line, found["code"], source, length=int(found["length"]), open_end=entry.open_end)
            if source == "server":
                self.codes.append(code)
            else:
                code.kind = _kind(around)
                self._label(code)
            return True
        found = None if entry.open_start else _ELSEWHERE.search(text)
        if found is not None:
            self._use(Sighting(line, found.group(), "elsewhere", open_end=entry.open_end))
        return found is not None

    def leave_out(self, dumps: list[Dump]) -> None:
        """Take dumps that could not be read whole out of how the codes came about."""
        for sighting in self.codes if dumps else ():
            if sighting.workings is not None:
                sighting.workings.leave_out(dumps)

    def take_reports(self, reports: list[ReportText]) -> None:
        """Take the codes of the validation reports, when everything else has been taken."""
        for index, report in enumerate(reports):
            repeated = any(each.text == report.text for each in reports[:index])
            for sighting in report_sightings(report):
                made = [
                    code
                    for code in self.codes
                    if code.text == sighting.text
                    and (
                        (repeated and code.source == "report")
                        or (code.source == "debug" and code.line > report.start)
                    )
                ]
                if made:
                    sighting.generation = made[-1].generation
                else:
                    self._generation += 1
                    sighting.generation = self._generation
                self.codes.append(sighting)
        self.codes.sort(key=lambda sighting: sighting.line)

    def _label(self, sighting: Sighting) -> None:
        """Take a code printed where it is made, with the workings before it."""
        self._generation += 1
        sighting.generation = self._generation
        sighting.workings, self.workings = self.workings, Workings()
        self._labelled = sighting
        self.codes.append(sighting)

    def _use(self, sighting: Sighting) -> None:
        """Take a code printed where it is used: the one just made, or one made out of sight."""
        made, self._labelled = self._labelled, None
        if made is None:
            self._generation += 1
            sighting.generation = self._generation
        else:
            sighting.generation, sighting.workings = made.generation, made.workings
            made.extra, made.extra_known = sighting.extra, sighting.extra_known
            made.kind = made.kind or sighting.kind
        self.codes.append(sighting)


def _kind(around: str) -> str:
    around = around.lower().replace("device_challenge", "").replace("device challenge", "")
    if "timestamp" in around:
        return "timestamp"
    return "challenge" if "challenge" in around else ""
