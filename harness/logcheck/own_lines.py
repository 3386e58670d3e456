"""Judge a program that prints lines of its own: that it started, what it says itself, and what crashed."""

from collections.abc import Iterable, Iterator, Sequence

from harness.console.crash import Alarm, AlarmKind, find_alarm, rules_of
from harness.console.dialect import Dialect
from harness.console.lines import LineReader
from harness.console.program import ConsoleProgram, PrintedLine, Statement, Topic
from harness.console.sdklog import plain
from harness.id2.errors import quoted
from harness.logcheck.model import Item
from harness.run.verdict import Verdict
from harness.transport.printable import safe_text

MOST_LINES = 200_000
"""Lines that are kept for a program to judge."""

MOST_ITEMS = 5000
_NAME, _DETAIL = 80, 400  # characters


def judge_own_lines(
    program: type[ConsoleProgram],
    chunks: Iterable[bytes],
    dialect: type[Dialect] | None = None,
    *,
    crashes: bool = True,
) -> tuple[Item, ...]:
    """Judge the lines of a program that has a banner; nothing when its banner did not come.

    Args:
        program: The program that should run.
        chunks: The bytes of its console.
        dialect: How the console speaks, with crash texts of its own; None for none.
        crashes: Whether crash texts are looked for as well.
    """
    banner = program.banner()
    if banner is None:
        return ()
    lines = list(_lines(chunks))
    began = next((line for line in lines if banner.search(line.text)), None)
    if began is None:
        return ()
    started = Statement(Topic.PROGRAM, "start", quoted(began.text, 120), failed=False, line=began.number)
    statements = [
        started,
        *program.judge(lines),
        *(_crashes(lines, began.number, dialect) if crashes else ()),
    ]
    return tuple(map(_item, statements[:MOST_ITEMS]))


def _lines(chunks: Iterable[bytes]) -> Iterator[PrintedLine]:
    reader = LineReader()
    for chunk in (*chunks, None):
        for line in reader.finish() if chunk is None else reader.feed(chunk):
            if line.number > MOST_LINES:
                return
            yield PrintedLine(line.number, plain(line.text))


def _crashes(lines: Sequence[PrintedLine], start: int, dialect: type[Dialect] | None) -> Iterator[Statement]:
    rules = rules_of(dialect)
    found = False
    for line in lines:
        alarm = find_alarm(line.text, rules)
        if alarm is None or (alarm.kind is AlarmKind.START and line.number <= start):
            continue
        found = True
        yield Statement(
            Topic.CRASH,
            f"{alarm.kind.value} in line {line.number}",
            _told(alarm),
            failed=True,
            line=line.number,
        )
    if not found:
        yield Statement(Topic.CRASH, "crashes and restarts", "none on the console", failed=False, line=start)


def _told(alarm: Alarm) -> str:
    if alarm.kind is AlarmKind.START:
        return f"{quoted(alarm.excerpt, 160)}: the board started again while the program ran"
    return f"{quoted(alarm.excerpt, 160)} is a {alarm.name}"


def _item(statement: Statement) -> Item:
    verdict = Verdict.FAILED if statement.failed else Verdict.PASSED
    return Item(
        safe_text(statement.name, _NAME),
        verdict,
        safe_text(statement.detail, _DETAIL),
        (statement.line,),
        topic=statement.topic,
    )
