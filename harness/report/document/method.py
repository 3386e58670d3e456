"""By what method and with what tool the run was made: section 3."""

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


def section(context: Context) -> Section:
    """Return method and tool with their digests."""
    report, say = context.report, context.say
    versions: list[tuple[str, Line]] = [
        (say("Harness"), context.stated(report.harness)),
        *_tool(context),
        (say("Python"), context.stated(report.python)),
        (say("Mode"), plain(say("official") if report.mode == "official" else say("development"))),
    ]
    blocks: list[Block] = [
        Paragraph(
            plain(
                say(
                    "The suites of the harness were run on the item. Each scenario consists of steps, each step checks "
                    "one requirement of the requirements list, and every event is written to the journal as it happens."
                )
            )
        ),
        Pairs(context.gathered(versions)),
        Heading(plain(say("Inputs"))),
        _inputs(context),
        Heading(plain(say("Packages"))),
        _packages(context),
        Heading(plain(say("Options of the run"))),
        Pairs(tuple(context.rows(report.options, ours=True))),
    ]
    return Section(say("Method and tool"), "method", tuple(blocks))


def _packages(context: Context) -> Block:
    """Return what a verdict may depend on, in one paragraph: a row each would take a page."""
    told = [f"{name} {version}" for name, version in sorted(context.report.packages.items())]
    return Paragraph(plain(context.text(context.say(", ").join(told), 6_000) or context.say("not stated")))


def _tool(context: Context) -> list[tuple[str, Line]]:
    """Return the harness and the suites by their digests."""
    say, tool = context.say, context.report.tool
    states = {
        "released": say("released: installed, and as it was built"),
        "clean": say("a checkout without changes"),
        "changed": say("changed"),
        "unknown": say("not known"),
    }
    state = context.text(states[tool.state] + (f": {say(tool.changes)}" if tool.changes else ""), 1_000)
    rows: list[tuple[str, Line]] = [
        (say("Commit"), (context.code(tool.commit),) if tool.commit else context.stated("")),
        (say("State of the harness"), (Words(state, strong=tool.state == "changed"),)),
        (
            say("SHA-256 of the harness's code"),
            (context.code(tool.sha256),) if tool.sha256 else context.stated(""),
        ),
    ]
    for each in tool.suites:
        name = say("SHA-256 of suites {name}", name=context.text(each.name, 80))
        rows.append((name, (context.code(each.sha256),) if each.sha256 else context.stated("")))
    return rows


def _inputs(context: Context) -> Block:
    say = context.say
    if not context.report.inputs:
        return Paragraph(plain(say("The header of the run names no input files.")))
    rows = tuple(
        Row(
            (
                ((context.told(each.role, 80),),),
                ((context.code(each.name, 200),),),
                (plain(f"{each.size:,}".replace(",", " ")),),
                ((context.code(each.sha256, 80),),),
            )
        )
        for each in context.report.inputs
    )
    columns = (
        Column(say("Input"), 1.6),
        Column(say("File"), 2),
        Column(say("Size in bytes"), 1.2, right=True),
        Column(say("SHA-256"), 5),
    )
    return Table(columns, rows)
