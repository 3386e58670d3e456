"""The kinds of report: what each of them answers, and the one list in which all are found."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.kinds import Kinds
from harness.report.words import Language

if TYPE_CHECKING:  # the shell's completion asks for names alone, and the models take long to load
    from harness.report.records import RunReport


class Renderer(ABC):
    """One report of a run, made from the run folder alone: the same run always gives the same bytes."""

    @property
    @abstractmethod
    def writes(self) -> str:
        """What it writes, as a path inside the run folder: a file, or a folder when it ends with a slash.

        `report.SUFFIX`, `report-NAME.SUFFIX` or `report-NAME/`, or a name that other tools expect: `manifest.is_report`
        knows by it what may be made again later, and what in a run folder may not.
        """

    @abstractmethod
    def lacks(self) -> str:
        """Return what this machine lacks to render it, in one sentence; an empty text when nothing is missing."""

    @property
    def translated(self) -> bool:
        """Whether it is for people, so that its words follow the language; False unless a kind says otherwise."""
        return False

    @abstractmethod
    def render(self, report: "RunReport", folder: Path, language: Language) -> Mapping[str, bytes | Path]:
        """Return the files of the report by their paths inside the run folder; a `Path` is a file to copy.

        Args:
            report: The run.
            folder: Its run folder, where the evidence lies.
            language: The language of its words, for a report for people.
        """


PDFS = ("pdf", "pdf-short")
"""The formats that are PDFs."""

RENDERERS = Kinds(
    Renderer,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "report format",
    "harness.renderers",
    {
        "json": "harness.report.json_report:JsonReport",
        "html": "harness.report.html:HtmlReport",
        "pdf": "harness.report.pdf.renderer:PdfReport",
        "pdf-short": "harness.report.pdf.renderer:ShortPdfReport",
        "junit": "harness.report.junit:JunitReport",
        "ctrf": "harness.report.ctrf:CtrfReport",
        "allure": "harness.report.allure:AllureReport",
        "measurements": "harness.report.csv_report:CsvReport",
    },
)
"""Every format of a report that is a file or a folder of files."""
