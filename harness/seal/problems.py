"""What a check of a seal found: what is wrong, by name, and what a reader should know besides."""

from dataclasses import dataclass, field

from harness.report.text import one_line


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        word: What became of it: "changed", "added", "removed", "renamed", "truncated", "contradicts" …
        name: Path inside the folder, or what it is about.
        detail: The rest, in words; may be empty.
    """

    word: str
    name: str
    detail: str = ""

    def __str__(self) -> str:
        shown = f"{self.word:11} {one_line(self.name)}"
        return f"{shown}: {one_line(self.detail, 400)}" if self.detail else shown


@dataclass(slots=True)
class Findings:
    """What was found so far."""

    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def wrong(self, word: str, name: str, detail: str = "") -> None:
        """Add something that is wrong."""
        self.problems.append(Problem(word, name, detail))

    def remark(self, text: str) -> None:
        """Add something that a reader should know."""
        self.remarks.append(one_line(text, 400))
