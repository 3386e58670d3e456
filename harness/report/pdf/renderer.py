"""`report.pdf` and `report-short.pdf`: the document as PDF/A-3a and PDF/UA-1, with the results for programs attached.

The same run always gives the same bytes: the time is the journal's, no font of the machine is used, and typst reads
nothing but what stands here.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from harness.errors import ToolError
from harness.report.document.build import document
from harness.report.document.identifiers import IdMask
from harness.report.pdf.flow import flow
from harness.report.pdf.glyphs import sans
from harness.report.records import RunReport
from harness.report.renderer import RENDERERS, Renderer
from harness.report.text import one_line
from harness.report.words import Language

_TEMPLATE = Path(__file__).parent / "report.typ"
_STANDARDS = ("a-3a", "ua-1")
_ATTACHED = {
    "json": ("The whole report for programs", "application/json"),
    "junit": ("The verdicts as JUnit XML", "application/xml"),
}
"""What is attached, by the name of the format that renders it: what it is, and its media type.

The table of measurements is not: report.json has every value of it, and its megabytes cost half a second.
"""


class PdfReport(Renderer):
    """`report.pdf`: the whole run for people, on paper."""

    writes = "report.pdf"
    short = False

    @property
    def translated(self) -> bool:
        """Whether its words follow the language."""
        return True

    def lacks(self) -> str:
        """Return an empty text: what it needs is installed with the harness."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files.

        Raises:
            ToolError: typst refuses.
        """
        files = {} if self.short else _attached(report, folder, language)
        data = flow(document(report, folder, language, short=self.short))
        data["whole"] = not self.short
        data["attached"] = [[name, what, kind] for name, (what, kind, _) in files.items()]
        content = {name: content for name, (_, _, content) in files.items()}
        return {self.writes: _compiled(data, content, report.finished or report.started)}


class ShortPdfReport(PdfReport):
    """`report-short.pdf`: cover, summary, failures and requirements."""

    writes = "report-short.pdf"
    short = True


def _attached(report: RunReport, folder: Path, language: Language) -> dict[str, tuple[str, str, bytes]]:
    """Return the reports for programs by their names, as they are rendered beside the PDF.

    Where the pages show no ID² these show none either: a PDF is handed on without the run folder.
    """
    mask = IdMask(report)
    found: dict[str, tuple[str, str, bytes]] = {}
    for name, (what, kind) in _ATTACHED.items():
        told = language("{what}, with the ID² masked", what=language(what)) if mask.hides else language(what)
        for path, content in RENDERERS.get(name)().render(report, folder, language).items():
            data = content.read_bytes() if isinstance(content, Path) else content
            found[path] = (told, kind, mask(data.decode()).encode() if mask.hides else data)
    return found


def _compiled(data: Mapping[str, object], attached: Mapping[str, bytes], moment: str | None) -> bytes:
    import typst  # noqa: PLC0415 - 80 MB that nothing else needs

    seconds = int(datetime.fromisoformat(moment).timestamp()) if moment else 0
    files = {
        "main.typ": _TEMPLATE.read_bytes(),
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
        **attached,
    }
    try:
        made: object = typst.compile(  # type: ignore[call-overload]  # its stubs know no input of several files
            files,
            format="pdf",
            font_paths=[str(sans().parent)],
            ignore_system_fonts=True,
            pdf_standards=list(_STANDARDS),
            timestamp=max(0, seconds),
        )
    except BaseException as error:
        # A panic inside typst is no Exception, and must not cost the run its other reports.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ToolError(
            f"the PDF could not be made: {one_line(str(error), 600)}",
            hint="every other report is there; harness report RUN --format pdf tries again",
        ) from error
    if not isinstance(made, bytes):
        raise ToolError("the PDF could not be made: typst gave more than one file")
    return made
