"""What every section of a document is made with: the run, the language, the one way in which texts are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.report.document.anchors import requirement_anchors, scenario_anchors
from harness.report.document.blocks import Line, Words
from harness.report.document.identifiers import IdMask
from harness.report.records import RunReport
from harness.report.text import one_line, visible
from harness.report.words import Language
from harness.run.verdict import Verdict

_LONGEST = 600
_ROWS = 300


@dataclass(frozen=True, slots=True)
class Context:
    """What a section is made with.

    Attributes:
        report: The run.
        folder: Its run folder.
        say: The language of the document.
        mask: Masks the ID² where the lab does not show it.
        requirements: Anchors of requirements by id.
        scenarios: Anchors of scenarios by key.
    """

    report: RunReport
    folder: Path
    say: Language
    mask: IdMask
    requirements: Mapping[str, str] = field(repr=False)
    scenarios: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, report: RunReport, folder: Path, language: Language) -> "Context":
        """Return the context of a document on `report`."""
        return cls(
            report, folder, language, IdMask(report), requirement_anchors(report), scenario_anchors(report)
        )

    def text(self, text: str, limit: int = _LONGEST) -> str:
        """Return text of a device or a person on one line, safe and masked."""
        masked = self.mask(text)
        return one_line(masked, limit, self._more) if len(masked) > limit else one_line(masked, limit)

    def lines(self, text: str, limit: int) -> str:
        """Return text of a device or a person with its line ends, safe and masked."""
        masked = self.mask(text)
        return visible(masked, limit, self._more) if len(masked) > limit else visible(masked, limit)

    @property
    def _more(self) -> str:
        """The words that say how much of a text is left out."""
        return self.say("… ({rest} more characters)", rest="{rest}")

    def told(self, text: str, limit: int = _LONGEST, *, soft: bool = False, strong: bool = False) -> Words:
        """Return words that the harness or a suite wrote, in this language where its catalogue knows them."""
        foreign = not self.say.knows(text)
        return Words(
            self.text(text if foreign else self.say(text), limit), soft=soft, strong=strong, foreign=foreign
        )

    def stated(self, text: object) -> Line:
        """Return what a person said, or that nobody did."""
        said = "" if text is None else str(text)
        return (Words(self.text(said)),) if said.strip() else (Words(self.say("not stated"), soft=True),)

    def gathered(self, rows: Sequence[tuple[str, Line]]) -> tuple[tuple[str, Line], ...]:
        """Return rows with those that nobody stated in one last row, by their names: they bury the facts otherwise."""
        nothing = self.stated(None)
        missing = [name for name, line in rows if line == nothing]
        if not missing:
            return tuple(rows)
        last = (self.say("Not stated"), (Words(self.say(", ").join(missing), soft=True),))
        return (*(row for row in rows if row[1] != nothing), last)

    def code(self, text: str, limit: int = _LONGEST) -> Words:
        """Return an id, a digest or a path."""
        return Words(self.text(text, limit), code=True)

    def verdict(self, state: Verdict | str) -> Words:
        """Return a verdict, or the state of a requirement."""
        return Words(self.say(str(state).replace("_", " ")), verdict=state)

    def requirement(self, name: str) -> Words:
        """Return the id of a requirement, with a link to its row."""
        anchor = self.requirements.get(name, "")
        return Words(self.text(name, 80), code=True, link=f"#{anchor}" if anchor else "")

    def number(self, key: str) -> Words:
        """Return the number of a scenario in this report, with a link to its details."""
        anchor = self.scenarios[key]
        return Words(anchor.replace("scenario-", "S"), link=f"#{anchor}")

    def scenario(self, key: str) -> Words:
        """Return the key of a scenario, with a link to its details."""
        anchor = self.scenarios.get(key, "")
        return Words(self.text(key, 200), code=True, link=f"#{anchor}" if anchor else "")

    def rows(
        self, mapping: Mapping[str, object], prefix: str = "", *, ours: bool = False
    ) -> list[tuple[str, Line]]:
        """Return nested values as rows of dotted names and values, 300 at most, and then how many more there are.

        Args:
            mapping: The values.
            prefix: Comes before each name.
            ours: The values are the harness's own, said in this language where it knows them.
        """
        every = _flat(mapping, prefix, self.say)
        shown: list[tuple[str, Line]] = [
            (self.text(name, 120), (Words(self.text(self.say(value) if ours else value)),))
            for name, value in every[:_ROWS]
        ]
        if (rest := len(every) - _ROWS) > 0:
            shown.append((self.say("and more"), (Words(self.say("{n} in run.json", n=rest), soft=True),)))
        return shown


def plain(text: str, *, soft: bool = False, strong: bool = False) -> Line:
    """Return a line of plain words."""
    return (Words(text, soft=soft, strong=strong),)


def _flat(mapping: Mapping[str, object], prefix: str, say: Language) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{name}.", say)
        elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
            rows += _flat(
                {str(number): each for number, each in enumerate(value, start=1)}, f"{prefix}{name}.", say
            )
        else:
            rows.append((f"{prefix}{name}", _plain(value, say)))
    return rows


def _plain(value: object, say: Language) -> str:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, list):
        return ", ".join(_plain(each, say) for each in value)
    return say("none") if value is None else str(value)
