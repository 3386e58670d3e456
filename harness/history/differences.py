"""What two runs were made with, and where that differs: board, device, firmware, harness, suites, declaration, plan."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.history.configuration import configuration
from harness.report.records import RunReport

_ABSENT = "-"
_NOT_COMPARED = frozenset({"development", "stand_ins"})
"""Options that say in other words what the board file says."""

_TOLD_ALREADY = frozenset({"plan", "declaration", "report", "source"})
"""Sections of a board file that are told by themselves, or are for the report."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    Attributes:
        name: What it is: "firmware", "declaration.features[2]".
        before: What it was in the earlier run; a dash for nothing.
        after: What it is in the later run; a dash for nothing.
    """

    name: str
    before: str
    after: str


def differences(a: RunReport, b: RunReport) -> tuple[Difference, ...]:
    """Return everything in which the circumstances of two runs differ, the weightiest first."""
    return tuple(
        each
        for found in (_heads(a, b), _sections(a, b), _rest(a, b))
        for each in found
        if each.before != each.after
    )


def _heads(a: RunReport, b: RunReport) -> Iterator[Difference]:
    before, after = configuration(a), configuration(b)
    yield Difference("board", a.board or _ABSENT, b.board or _ABSENT)
    if before.item != after.item:
        # The ID itself may be confidential.
        yield Difference(
            "device ID", _known(before.item), f"another ({after.item})" if after.item else _ABSENT
        )
    yield Difference("mode", a.mode, b.mode)
    yield Difference("firmware", before.firmware or _ABSENT, after.firmware or _ABSENT)
    yield Difference("harness", before.harness or _ABSENT, after.harness or _ABSENT)
    yield Difference("requirements lists", _inputs(a, "requirements list"), _inputs(b, "requirements list"))
    yield Difference("board file", _inputs(a, "board file"), _inputs(b, "board file"))


def _known(item: str) -> str:
    return f"one ({item})" if item else _ABSENT


def _inputs(report: RunReport, role: str) -> str:
    found = [f"{each.name} {each.sha256[:12]}" for each in report.inputs if each.role == role]
    return ", ".join(sorted(found)) or _ABSENT


def _sections(a: RunReport, b: RunReport) -> Iterator[Difference]:
    for name, before, after in (
        ("plan", a.plan, b.plan),
        ("declaration", a.declaration, b.declaration),
        ("option", _without(a.options, _NOT_COMPARED), _without(b.options, _NOT_COMPARED)),
        ("board file", _without(a.board_file, _TOLD_ALREADY), _without(b.board_file, _TOLD_ALREADY)),
    ):
        flat_before, flat_after = dict(_flat(before, name)), dict(_flat(after, name))
        for place in dict.fromkeys([*flat_before, *flat_after]):
            yield Difference(place, flat_before.get(place, _ABSENT), flat_after.get(place, _ABSENT))


def _without(section: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    return {name: value for name, value in section.items() if name not in names}


def _flat(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Give each single value with its place; a list of plain values is one value, as its order may mean nothing."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _flat(entry, f"{place}.{name}")
    elif isinstance(value, list) and any(isinstance(entry, Mapping | list) for entry in value):
        for number, entry in enumerate(value):
            yield from _flat(entry, f"{place}[{number}]")
    elif isinstance(value, list):
        yield place, _joined(value)
    else:
        yield place, _ABSENT if value is None else str(value)


def _joined(values: Sequence[object]) -> str:
    return ", ".join(sorted(map(str, values))) or _ABSENT


def _rest(a: RunReport, b: RunReport) -> Iterator[Difference]:
    yield Difference("python", a.python or _ABSENT, b.python or _ABSENT)
    for name in dict.fromkeys([*a.packages, *b.packages]):
        yield Difference(f"package {name}", a.packages.get(name, _ABSENT), b.packages.get(name, _ABSENT))
    yield Difference("station", _station(a), _station(b))


def _station(report: RunReport) -> str:
    return report.station.name or report.station.id or _ABSENT
