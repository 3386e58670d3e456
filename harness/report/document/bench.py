"""Where and with what it was measured: station, adapters, instruments, environment: section 4."""

from datetime import date

from harness.report.document.blocks import (
    Block,
    Column,
    Heading,
    Line,
    Pairs,
    Paragraph,
    Row,
    Section,
    Table,
    Words,
)
from harness.report.document.context import Context, plain
from harness.settings.particulars import Instrument


def section(context: Context) -> Section:
    """Return the bench."""
    report, say = context.report, context.say
    station, around = report.station, report.particulars.environment
    blocks: list[Block] = [
        Heading(plain(say("Station"))),
        Pairs(
            (
                (say("Name"), context.stated(station.name)),
                (say("Id"), context.stated(station.id)),
                (say("Operating system"), context.stated(station.os)),
                (say("Kernel"), context.stated(station.kernel)),
                (say("Machine"), context.stated(station.machine)),
            )
        ),
        Heading(plain(say("Transports and adapters"))),
        _transports(context),
        Heading(plain(say("Instruments and their calibration"))),
        _instruments(context),
        Heading(plain(say("Environment"))),
        Pairs(
            (
                (say("Temperature"), context.stated(around.temperature)),
                (say("Humidity"), context.stated(around.humidity)),
                (say("Supply"), context.stated(around.supply)),
                (say("Remarks"), context.stated(around.remarks)),
            )
        ),
    ]
    return Section(say("Bench, instruments and environment"), "bench", tuple(blocks))


def _transports(context: Context) -> Block:
    report, say = context.report, context.say
    if not report.transports:
        return Paragraph(plain(say("The run opened no transport.")))
    described = report.board_file.get("transports")
    known = described if isinstance(described, dict) else {}
    rows = []
    for used in report.transports:
        settings = known.get(used.name)
        kind = settings.get("kind") if isinstance(settings, dict) else None
        rows.append(
            Row(
                (
                    ((context.code(used.name, 80),),),
                    (context.stated(kind),),
                    (context.stated(used.identity),),
                    (
                        (context.code(used.recording, 200),)
                        if used.recording
                        else plain(say("none"), soft=True),
                    ),
                )
            )
        )
    columns = (
        Column(say("Transport"), 1.4),
        Column(say("Kind"), 1.6),
        Column(say("Found at its other end"), 4),
        Column(say("Recording"), 2.4),
    )
    return Table(columns, tuple(rows))


def _instruments(context: Context) -> Block:
    report, say = context.report, context.say
    instruments = report.particulars.instruments
    if not instruments:
        return Paragraph(plain(say("No instrument with a calibration is stated.")))
    tested = date.fromisoformat(report.started[:10]) if report.started else None
    rows = tuple(
        Row(
            (
                (context.stated(each.name),),
                (context.stated(each.id),),
                (context.stated(each.calibrated),),
                _due(context, each, tested),
                (context.stated(each.certificate),),
            )
        )
        for each in instruments
    )
    columns = (
        Column(say("Instrument"), 3),
        Column(say("Id"), 1.6),
        Column(say("Calibrated"), 1.5),
        Column(say("Due"), 1.6),
        Column(say("Certificate"), 2),
    )
    return Table(columns, rows)


def _due(context: Context, instrument: Instrument, tested: date | None) -> tuple[Line, ...]:
    lines = [context.stated(instrument.due)]
    if instrument.due and tested and instrument.due < tested:
        lines.append((Words(context.say("overdue on the day of the test"), strong=True),))
    return tuple(lines)
