"""What was measured over repetitions: statistics and small charts, a part of section 7."""

from harness.report.document.blocks import Block, Chart, Column, Heading, Line, Row, Table, Words
from harness.report.document.context import Context, plain
from harness.report.measurements import Series, series

_CHARTS = 24
_LEAST = 5  # values that a chart is worth having for


def measured(context: Context) -> list[Block]:
    """Return the measurements by name, and a chart of each that was repeated; nothing when none was taken."""
    say = context.say
    found = series(context.report)
    if not found:
        return []
    columns = (
        Column(say("Verdict"), 1.3),
        Column(say("Measured"), 3.4),
        Column(say("Values"), 0.9, right=True),
        Column(say("Lowest"), 1.3, right=True),
        Column(say("Median"), 1.3, right=True),
        Column(say("Highest"), 1.3, right=True),
        Column(say("Standard deviation"), 1.4, right=True),
        Column(say("Limits"), 2.4),
    )
    blocks: list[Block] = [
        Heading(plain(say("Measurements"))),
        Table(columns, tuple(Row(_cells(context, each)) for each in found)),
    ]
    drawn = [each for each in found if len(each.values) >= _LEAST]
    for each in drawn[:_CHARTS]:
        title = context.told(each.name, 160).text
        unit = context.text(context.say(each.unit), 40)
        blocks.append(Chart(title, unit, each.values, each.low, each.high))
    return blocks


def _cells(context: Context, each: Series) -> tuple[tuple[Line, ...], ...]:
    unit = context.text(context.say(each.unit), 40)
    statistics = each.statistics
    numbers = (
        (statistics.min, statistics.median, statistics.max, statistics.deviation)
        if statistics
        else (None, None, None, None)
    )
    name: Line = (context.told(each.name, 300), *((Words(f" ({unit})", soft=True),) if unit else ()))
    return (
        ((context.verdict(each.verdict),),),
        (name,),
        (plain(str(statistics.n if statistics else each.judged)),),
        *((plain("" if number is None else f"{number:.4g}"),) for number in numbers),
        (
            plain(
                context.text(f"{context.say(each.limits)} {unit}", 160)
                if each.limits
                else context.say("any value allowed")
            ),
        ),
    )
