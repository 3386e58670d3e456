"""`report.html`: the report as one self-contained page, for a screen, a phone and paper."""

from pathlib import Path

from harness.report.document.build import document
from harness.report.page.page import page
from harness.report.records import RunReport
from harness.report.renderer import Renderer
from harness.report.words import ENGLISH, Language


class HtmlReport(Renderer):
    """`report.html`: the whole run for people."""

    writes = "report.html"
    translated = True

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        return {self.writes: render(report, folder, language)}


def render(report: RunReport, folder: Path, language: Language = ENGLISH) -> bytes:
    """Return `report.html`.

    Args:
        report: The run.
        folder: Its run folder, where recordings and evidence lie.
        language: The language of its words.
    """
    return page(document(report, folder, language), report, folder, language)
