"""The forms of a campaign: a page for people, one JSON for programs, one JUnit for CI servers.

After a change of the models, publish the schema again: `python -m harness.history.campaign.forms`.
"""

import base64
import hashlib
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from harness.history.campaign.collecting import Loaded, campaign
from harness.history.campaign.records import Campaign, CampaignRun, Cell
from harness.report import junit
from harness.report.page.inline import icon
from harness.report.text import folder_title, one_line, seconds
from harness.report.words import Language
from harness.run.verdict import Verdict

SCHEMA_FILE = Path(__file__).parent / "schema" / "campaign-1.json"
"""The published JSON Schema of `campaign.json`."""

TEMPLATES = Path(__file__).parent / "templates"
"""The templates and the style of the page."""
_SHARED = Path(junit.__file__).parent / "templates" / "page.css"
_COUNTED = ("tests", "failures", "errors")


def forms(runs: Sequence[Loaded], language: Language) -> dict[str, bytes]:
    """Return the files of a campaign by name; the same runs always give the same bytes.

    Args:
        runs: The runs.
        language: The language of the page.
    """
    found = campaign(runs)
    suffix = "" if language.code == "en" else f"-{language.code}"
    return {
        f"campaign{suffix}.html": page(found, language),
        "campaign.json": found.model_dump_json(indent=2).encode() + b"\n",
        "campaign.xml": _junit(runs),
    }


def schema() -> bytes:
    """Return the JSON Schema of the models as they are now."""
    body = Campaign.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:id2-harness:campaign:1",
        "title": "Campaign of ID² harness runs",
    }
    return json.dumps({**body, **head}, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def page(found: Campaign, language: Language) -> bytes:
    """Return the page, which shares colours, type and marks with `report.html`, and needs no network and no script."""
    css = style()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    text = _template().render(
        campaign=found,
        language=language,
        say=language,
        style=Markup(css),  # noqa: S704 - our own files, hashed into the page's policy
        style_hash=f"sha256-{digest}",
        counts=[
            (verdict, count)
            for verdict in Verdict
            if (count := sum(each.verdict is verdict for each in found.runs))
        ],
        unreal=sum(bool(each.stand_ins) for each in found.runs),
        step_title=lambda step: language(folder_title(step)),
        icon=icon,
        told=lambda cell: _told(cell, language),
        marks=lambda run: _marks(run, language),
    )
    return text.encode()


def style() -> str:
    """Return the style of the page: that of `report.html`, and its own."""
    return _SHARED.read_text(encoding="utf-8") + (TEMPLATES / "campaign.css").read_text(encoding="utf-8")


def _told(cell: Cell, say: Language) -> str:
    if cell.failed and cell.known:
        return say(
            "{failed} of {judged}, known: {known}", failed=cell.failed, judged=cell.judged, known=cell.known
        )
    if cell.failed:
        return say("{failed} of {judged}", failed=cell.failed, judged=cell.judged)
    return str(cell.judged) if cell.judged else ""


def _marks(run: CampaignRun, say: Language) -> str:
    """Return what must be read beside the verdict of a run."""
    found = [say("official")] if run.mode == "official" else []
    found += (
        [say(", ").join(say(part) for part in run.stand_ins.lower().split(", "))] if run.stand_ins else []
    )
    found += [say("partial run")] if run.incomplete and not run.problem else []
    return say("; ").join(found)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "line": one_line,
        "duration": seconds,
        "moment": lambda started: (started or "")[:16].replace("T", " "),
    }
    return environment.get_template("campaign.html.j2")


def _junit(runs: Sequence[Loaded]) -> bytes:
    """Return the suites of all runs in one file; a folder that cannot be read is an error that CI cannot miss."""
    root = ET.Element("testsuites")
    for path, report, problem in runs:
        if report is None:
            root.append(_broken(path, problem))
        else:
            root.extend(ET.fromstring(junit.render(report)))  # noqa: S314 - made by us a moment ago
    for name in _COUNTED:
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("name", "campaign")
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _broken(path: Path, problem: str) -> ET.Element:
    name = one_line(path.name)
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0", "time": "0.000"}
    suite = ET.Element("testsuite", counts, name=f"{name}: the run itself")
    case = ET.SubElement(suite, "testcase", classname=f"{name}.run", name="readable", time="0.000")
    ET.SubElement(case, "error", type="error: unreadable run folder", message=problem)
    return suite


if __name__ == "__main__":
    SCHEMA_FILE.write_bytes(schema())
