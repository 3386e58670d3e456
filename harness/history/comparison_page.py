"""A comparison as a page: one file for a browser and for paper, in the look of the campaign page, without a script."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from harness.history.campaign import forms
from harness.history.comparison import Change, Comparison
from harness.history.comparison_text import conclusion, limits, number
from harness.report.page.inline import icon
from harness.report.records import RunReport
from harness.report.stand_ins import stand_ins
from harness.report.text import one_line
from harness.report.words import Language

_TEMPLATES = Path(__file__).parent / "templates"


def page(found: Comparison, say: Language) -> bytes:
    """Return the page; the same comparison always gives the same bytes.

    Args:
        found: The comparison.
        say: The language of the page.
    """
    style = forms.style() + (_TEMPLATES / "compare.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headings = {
        Change.NEW_FAILURE: say("new failures"),
        Change.STILL_FAILING: say("still failing"),
        Change.KNOWN_FAILURE: say("still failing, and known"),
        Change.FIXED: say("fixed"),
        Change.COVERAGE_LOST: say("no longer judged"),
        Change.COVERAGE_GAINED: say("judged now"),
    }
    text = _template().render(
        found=found,
        language=say,
        say=say,
        style=Markup(style),  # noqa: S704 - our own files, hashed into the page's policy
        style_hash=f"sha256-{digest}",
        conclusion=conclusion(found, say),
        tone={0: "", 1: "worse"}.get(found.exit_code, "less"),
        runs=[(letter, run, _marks(run, say)) for letter, run in (("A", found.before), ("B", found.after))],
        groups=[(heading, found.of(change)) for change, heading in headings.items() if found.of(change)],
        names={
            "board": say("board"),
            "device ID": say("device ID"),
            "mode": say("mode"),
            "firmware": say("firmware"),
            "harness": say("harness"),
            "requirements lists": say("requirements lists"),
            "board file": say("board file"),
            "station": say("station"),
        },
        number=number,
        limits=limits,
        icon=icon,
    )
    return text.encode()


def _marks(run: RunReport, say: Language) -> str:
    """Return what must be read beside the verdict of a run."""
    unreal = stand_ins(run, say)
    found = [say("official")] if run.mode == "official" else []
    found += [unreal.title] if unreal is not None else []
    found += [say("partial run")] if run.incomplete else []
    return say("; ").join(found)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader([_TEMPLATES, forms.TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "line": one_line,
        "moment": lambda started: (started or "")[:16].replace("T", " "),
    }
    return environment.get_template("compare.html.j2")
