"""What a run was made with: only runs with all of it the same say something about each other's differences."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.report.records import RunReport
from harness.report.stand_ins import stand_ins

_NOT_ABOUT_A_SCENARIO = frozenset({"development", "stand_ins", "quick", "verify", "official", "plugins"})
"""Options that change which scenarios run, or are told of, and not what one of them meets."""

_NOT_THE_BOARD = frozenset({"report", "source"})
"""Sections of a board file that say nothing of the board: words for the report, and the file's own hash."""

_SIMULATED = "simulated"


@dataclass(frozen=True)
class Configuration:
    """Board, item, firmware, harness, suites, declaration and plan of a run.

    Attributes:
        board: Name of the board.
        firmware: The firmware as a person names it; empty when nothing in the run says which it was.
        harness: Version of the harness, and which code it was where that is no release.
        suites: Short digest over the lists of requirements.
        declaration: Short digest over declaration and plan.
        item: Short digest of the device's ID; empty when the run did not learn it.
        rest: Short digest over the board file as used, the options that matter, and the firmware's hash.
    """

    board: str
    firmware: str
    harness: str
    suites: str
    declaration: str
    item: str
    rest: str

    @cached_property
    def digest(self) -> str:
        """One short digest over all of it."""
        return _digest(
            [self.board, self.firmware, self.harness, self.suites, self.declaration, self.item, self.rest]
        )


def configuration(report: RunReport) -> Configuration:
    """Return what a run was made with."""
    board_file = {name: value for name, value in report.board_file.items() if name not in _NOT_THE_BOARD}
    options = {name: value for name, value in report.options.items() if name not in _NOT_ABOUT_A_SCENARIO}
    images = sorted(each.sha256 for each in report.inputs if each.role == "firmware")
    lists = sorted(each.sha256 for each in report.inputs if each.role == "requirements list")
    identity = report.identity.get("ID", "")
    return Configuration(
        board=report.board,
        firmware=firmware(report),
        harness=harness(report),
        suites=_digest(lists) if lists else "",
        declaration=_digest([report.declaration, report.plan]),
        item=_digest(identity) if identity else "",
        rest=_digest([board_file, options, images]),
    )


def harness(report: RunReport) -> str:
    """Return the version of the harness; many development versions share a number, so theirs names the code too."""
    if report.tool.state == "released" or not report.tool.sha256:
        return report.harness
    return f"{report.harness} (code {report.tool.sha256[:8]})"


def firmware(report: RunReport) -> str:
    """Return which firmware the device had: the images that were flashed, or what people say.

    A board that is simulated as a whole has the harness for a firmware. Empty when nothing says which it was.
    """
    told = report.particulars.item.firmware_version
    images = [f"{each.name} {each.sha256[:12]}" for each in report.inputs if each.role == "firmware"]
    if told or images:
        return ", ".join([*([told] if told else []), *sorted(images)])
    unreal = stand_ins(report)
    return _SIMULATED if unreal is not None and unreal.title.lower().startswith("virtual board") else ""


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
