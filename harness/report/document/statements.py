"""What came from others, and what this report does and does not claim: sections 10 and 11."""

from harness.report.document.blocks import Block, Bullets, Heading, Paragraph, Section
from harness.report.document.context import Context, plain
from harness.report.stand_ins import stand_ins


def supplied(context: Context) -> Section:
    """Return what the customer supplied, and what others did."""
    particulars, say = context.report.particulars, context.say
    blocks: list[Block] = [
        Heading(plain(say("Supplied by the customer"))),
        *_listed(context, particulars.customer_supplied),
    ]
    if particulars.customer_supplied:
        told = say(
            "The laboratory did not check these; results that rest on them are only as good as they are."
        )
        blocks.append(Paragraph(plain(told)))
    blocks += [
        Heading(plain(say("Work of outside providers"))),
        *_listed(context, particulars.outside),
    ]
    return Section(say("Customer-supplied data and outside providers"), "supplied", tuple(blocks))


def statements(context: Context) -> Section:
    """Return the statements, and the opinions apart from them."""
    report, say = context.report, context.say
    told = [
        say("The results relate only to the items tested, in the state in which they were tested."),
        say("This report may be copied only in full."),
        say(
            "It is the record of a self-test: no certification body has audited it, and it claims no conformity to any "
            "certification scheme."
        ),
        say(
            "The conformity statement covers the requirements of section 7 under the decision rule of section 5, and "
            "nothing else."
        ),
    ]
    if stand_ins(report, say):
        told.append(
            say(
                "Something in this run stood in for the real thing, so the verdict says nothing about a device."
            )
        )
    if report.mode == "development":
        told.append(say("The run was made in development mode; no official report may come of it."))
    blocks: tuple[Block, ...] = (
        Bullets(tuple(plain(each) for each in told)),
        Heading(plain(say("Opinions and interpretations"))),
        *_listed(context, report.particulars.opinions),
    )
    return Section(say("Statements"), "statements", blocks)


def _listed(context: Context, texts: tuple[str, ...]) -> list[Block]:
    if not texts:
        return [Paragraph(plain(context.say("none stated"), soft=True))]
    return [Bullets(tuple(plain(context.text(each, 2_000)) for each in texts))]
