"""Whether the reports of a run are what its journal comes to.

Where the code that made them is the code that is here, they are made again and must be the same bytes. Otherwise the
verdicts and counts that they say must be those of the journal.
"""

import hashlib
import importlib.metadata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import harness
from harness.errors import HarnessError
from harness.report import words
from harness.report.records import RunReport
from harness.report.render import rendered_of
from harness.report.renderer import RENDERERS, Renderer
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.seal import said
from harness.seal.problems import Findings
from harness.seal.tree import sha256

_CODE = ("report", "run", "settings", "traffic")
_GUIDE = "seal/guide.py"
_PACKAGES = ("pydantic", "pydantic-core", "jinja2", "typst", "allure-python-commons", "pylopdf-fonts-zh-cn")


@cache
def rendering() -> str:
    """Return the SHA-256, in hex, over what makes reports and VERIFY.txt here: equal code, equal bytes."""
    root = Path(harness.__file__).parent
    digest = hashlib.sha256(harness.__version__.encode())
    for folder in (*_CODE, _GUIDE):
        for path in sorted((root / folder).rglob("*")) if folder != _GUIDE else [root / _GUIDE]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(root).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in _PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = "none"
        digest.update(f"{name} {version}\0".encode())
    return digest.hexdigest()


def check(
    run: RunFolder,
    report: RunReport,
    present: Mapping[str, str],
    findings: Findings,
    *,
    same_code: bool,
    again: Literal["all", "words"] = "all",
    pdf_bytes: int = 0,
) -> None:
    """Name each report in the folder that is not what the journal comes to.

    Args:
        run: The run folder, of which every file but the reports is known to be right.
        report: What its journal comes to.
        present: SHA-256, in hex, by path of the files that are there.
        findings: Takes what is wrong.
        same_code: Whether the reports were made by the code that is here.
        again: Make all reports again, or compare alone what those for programs say, which takes no time.
        pdf_bytes: Bytes of report.pdf before its signature; 0 when it has none.

    Raises:
        HarnessError: a file cannot be read.
    """
    if not same_code:
        _check_words(run, report, present, findings)
        findings.remark(
            "the reports were made by other code than is here: their verdicts and counts were compared, not every byte"
        )
        return
    if again == "words":
        _check_words(run, report, present, findings)
        findings.remark(
            "this run is large: its reports were compared by verdicts and counts; --pages makes them again byte by byte"
        )
        return
    made = _made(report, run, RENDERERS.all(), present, findings)
    for path, data in made.items():
        if path not in present:
            continue
        size = pdf_bytes if path == "report.pdf" and pdf_bytes else None
        if (present[path] if size is None else sha256(run.path / path, size)) != hashlib.sha256(
            data
        ).hexdigest():
            findings.wrong("contradicts", path, "is not what the journal comes to")
    folders = {path.partition("/")[0] for path in made if "/" in path}
    for path in present:
        if path.partition("/")[0] in folders and path not in made:
            findings.wrong("contradicts", path, "the journal gives no such result")
    if left := sorted(path for path in present if manifest.is_report(path) and path not in made):
        findings.remark(f"not made again and compared: {', '.join(left)}")


def _made(
    report: RunReport,
    run: RunFolder,
    kinds: Mapping[str, type[Renderer]],
    present: Mapping[str, str],
    findings: Findings,
) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    translated = {name: kind for name, kind in kinds.items() if kind().translated}
    asked = [(kinds, "")]
    asked += [(translated, code) for code in words.NAMES if any(f"-{code}." in path for path in present)]
    for some, language in asked:
        for name, kind in some.items():
            try:
                made = rendered_of(report, run, {name: kind}, language) | made
            except HarnessError as error:
                findings.remark(f"the report {name} cannot be made here: {error.message}")
    return made


def _check_words(run: RunFolder, report: RunReport, present: Mapping[str, str], findings: Findings) -> None:
    """Compare what the reports say of the run's verdicts with what its journal says; tell what was not compared."""
    unread = said.check(run.path, report, present, findings)
    pages = [path for path in present if path.startswith("report") and path.endswith(".html")]
    words = ["what reports for programs say besides verdicts and counts"]
    words += [f"{', '.join(sorted(pages))} but for the number of verdicts"] if pages else []
    findings.remark(f"not compared with the journal: {'; '.join([*words, *sorted(unread)])}")
