"""The item under test, as people name it and as it named itself: section 1."""

from harness.report.document.blocks import Block, Heading, Line, Pairs, Paragraph, Section
from harness.report.document.context import Context, plain


def section(context: Context) -> Section:
    """Return the identity of the item."""
    report, say = context.report, context.say
    item = report.particulars.item
    named: list[tuple[str, Line]] = [
        (say("Product"), context.stated(item.name)),
        (say("Model"), context.stated(item.model)),
        (say("Hardware version"), context.stated(item.hardware_version)),
        (say("Firmware version"), context.stated(item.firmware_version)),
        *_firmware(context),
        (say("Serial numbers"), context.stated(", ".join(item.serial_numbers))),
        (say("SDK"), context.stated(item.sdk)),
        (say("Boot state"), context.stated(item.boot_state)),
        (say("Condition"), context.stated(item.condition)),
        (say("Sampling"), context.stated(item.sampling)),
    ]
    blocks: list[Block] = [
        Heading(plain(say("As the laboratory and the customer name it"))),
        Pairs(context.gathered(named)),
        Heading(plain(say("As the board file names it"))),
        Pairs(context.gathered(_board(context))),
        Heading(plain(say("As the board named itself during the run"))),
    ]
    if report.identity:
        blocks.append(Pairs(tuple(context.rows(report.identity))))
    else:
        blocks.append(Paragraph(plain(say("The board said nothing about itself."))))
    if context.mask.hides:
        told = say(
            "The ID² is masked: its first and last four digits stand for it. It is masked in the results that are "
            "attached to the PDF, too; report.json and the other files of the run folder have it whole."
        )
        blocks.append(Paragraph(plain(told, soft=True)))
    return Section(say("Item under test"), "item", tuple(blocks))


def _firmware(context: Context) -> list[tuple[str, Line]]:
    """Return the firmware images that the run was made with."""
    say = context.say
    images = [each for each in context.report.inputs if "firmware" in each.role.lower()]
    if not images:
        return [(say("SHA-256 of the firmware"), context.stated(""))]
    return [
        (
            say("SHA-256 of {file}", file=context.text(each.name, 120)),
            (context.code(each.sha256),),
        )
        for each in images
    ]


def _board(context: Context) -> list[tuple[str, Line]]:
    report, say = context.report, context.say
    device = report.board_file.get("device")
    told = device if isinstance(device, dict) else {}
    description = report.board_file.get("description")
    return [
        (say("Board"), context.stated(report.board)),
        (say("Description"), context.stated(description)),
        (say("Serial number"), context.stated(told.get("serial_number"))),
        (say("ID²"), context.stated(told.get("id"))),
    ]
