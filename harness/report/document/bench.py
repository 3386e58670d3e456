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
from harness.run.bench import Adapter
from harness.settings.particulars import Instrument


def section(context: Context) -> Section:
    """Return the bench."""
    report, say = context.report, context.say
    station, around = report.station, report.particulars.environment
    blocks: list[Block] = [
        Heading(plain(say("Station"))),
        Pairs(
            context.gathered(
                (
                    (say("Name"), context.stated(station.name)),
                    (say("Id"), context.stated(station.id)),
                    (say("Operating system"), context.stated(station.os)),
                    (say("Kernel"), context.stated(station.kernel)),
                    (say("Machine"), context.stated(station.machine)),
                )
            )
        ),
        Heading(plain(say("Transports and adapters"))),
        _transports(context),
        *_adapters(context),
        Heading(plain(say("Clock of the station"))),
        Paragraph(plain(_clock(context))),
        Heading(plain(say("Instruments and their calibration"))),
        _instruments(context),
        Heading(plain(say("Environment"))),
        Pairs(
            context.gathered(
                (
                    (say("Temperature"), context.stated(around.temperature)),
                    (say("Humidity"), context.stated(around.humidity)),
                    (say("Supply"), context.stated(around.supply)),
                    (say("Remarks"), context.stated(around.remarks)),
                )
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
        Column(say("Found at the other end"), 4),
        Column(say("Recording"), 2.4),
    )
    return Table(columns, tuple(rows))


def _adapters(context: Context) -> list[Block]:
    """Show what led to the board, by what the bus and the kernel say of it."""
    say, adapters = context.say, context.report.bench.adapters
    if not adapters:
        return [Paragraph(plain(say("No transport uses an adapter, or the header of the run names none.")))]
    rows = tuple(
        Row(
            (
                ((context.code(each.transport, 80),), (context.told(each.kind, 80, soft=True),)),
                (context.stated(each.product), *_usb(context, each)),
                (context.stated(each.serial_number),),
                (context.stated(each.device or each.place), (context.told(each.location, 80, soft=True),)),
                (context.stated(each.driver),),
                (context.stated(each.firmware),),
            )
        )
        for each in adapters
    )
    columns = (
        Column(say("Transport"), 1.4),
        Column(say("Adapter"), 2.6),
        Column(say("Serial number"), 1.8),
        Column(say("Where"), 2.2),
        Column(say("Driver"), 1.4),
        Column(say("Firmware"), 1.2),
    )
    return [Table(columns, rows)]


def _usb(context: Context, adapter: Adapter) -> list[Line]:
    if adapter.vendor_id is None or adapter.product_id is None:
        return []
    return [(context.code(f"{adapter.vendor_id % 0x10000:04x}:{adapter.product_id % 0x10000:04x}"),)]


def _clock(context: Context) -> str:
    say, clock = context.say, context.report.bench.clock
    if clock.synchronised is None:
        return say("It is not known whether the clock was synchronised.")
    told = [
        say("The clock was synchronised when the run began.")
        if clock.synchronised
        else say("The clock was not synchronised when the run began.")
    ]
    if clock.offset_s is not None:
        told.append(say("Offset: {s} s.", s=f"{clock.offset_s:+.6f}"))
    if clock.estimated_error_s is not None:
        told.append(say("Estimated error: {s} s.", s=f"{clock.estimated_error_s:.6f}"))
    if clock.maximum_error_s is not None:
        told.append(say("Maximum error: {s} s.", s=f"{clock.maximum_error_s:.6f}"))
    return " ".join(told)


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
