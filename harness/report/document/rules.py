"""How verdicts are decided, and what uncertainty means for them: section 5."""

from harness.report.document.blocks import Block, Bullets, Heading, Line, Paragraph, Section, Words
from harness.report.document.context import Context, plain
from harness.run.verdict import Verdict


def section(context: Context) -> Section:
    """Return the decision rules."""
    say = context.say
    words: tuple[tuple[Verdict | str, str], ...] = (
        (Verdict.PASSED, say("every check that was planned was made, and the device met each of them.")),
        (Verdict.FAILED, say("there is evidence that the device said or did something wrong.")),
        (
            Verdict.BLOCKED,
            say(
                "the bench (a cable, a port, the power, the network) was in the way; this says nothing about the "
                "device."
            ),
        ),
        (
            Verdict.ERROR,
            say("the harness itself broke or was interrupted; this says nothing about the device."),
        ),
        (
            Verdict.NOT_APPLICABLE,
            say("the declaration of the board excludes the scenario; the reason stands with it."),
        ),
        (Verdict.NOT_RUN, say("its turn never came, or the options of the run left it out.")),
        (
            Verdict.INCOMPLETE,
            say("of a run: all that was judged passed, and something planned has no verdict."),
        ),
        ("uncovered", say("of a requirement: no scenario of the suites checks it.")),
    )
    rules: tuple[Line, ...] = tuple(
        (context.verdict(state), Words(say(": ") + told)) for state, told in words
    )
    uncertainty = context.report.particulars.uncertainty
    blocks: tuple[Block, ...] = (
        Heading(plain(say("Verdicts"))),
        Bullets(rules),
        Heading(plain(say("From steps to the total"))),
        Paragraph(
            plain(
                say(
                    "A requirement, a scenario and the run have the worst verdict of what belongs to them, in the "
                    "order error, failed, blocked, incomplete, passed, not run, not applicable. The run passed only if "
                    "every scenario that applies and was planned has a verdict and passed. A scenario that ran again "
                    "counts with every attempt: a later pass does not undo a failure. A finding or a known failure "
                    "never turns a verdict into passed."
                )
            )
        ),
        Heading(plain(say("Decision rule and uncertainty of measurement"))),
        Paragraph(
            plain(
                say(
                    "Answers of a protocol are compared exactly. A measured value conforms when it lies within its "
                    "limits, the limits included (simple acceptance, ILAC-G8:09/2019), without a guard band; near a "
                    "limit the risk of a wrong acceptance is up to 50 %."
                )
            )
        ),
        Paragraph(
            (Words(say("Uncertainty of measurement:"), strong=True), Words(say(" ")))
            + (context.stated(uncertainty) if uncertainty else plain(say("U not considered.")))
        ),
    )
    return Section(say("Decision rules and uncertainty"), "rules", blocks)
