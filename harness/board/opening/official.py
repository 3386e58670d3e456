"""What keeps an official report from coming of a board: it is for development only, or people left something out."""

from collections.abc import Iterable, Iterator, Mapping

from harness.board.models import BoardFile, PlannedCarrier
from harness.board.models.declaration import ChipCommand
from harness.board.models.lab_file import LabFile
from harness.board.opening.resolve import Resolver
from harness.board.reading import checks, report_checks
from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import Key
from harness.run.policy_named import Named
from harness.settings.particulars import Particulars, combined
from harness.settings.policy import Policy
from harness.settings.problems import field_name

_WANTED = (
    ("number",),
    ("revision",),
    ("customer", "name"),
    ("customer", "contact"),
    ("maker", "name"),
    ("laboratory", "name"),
    ("laboratory", "address"),
    ("place",),
    ("item", "name"),
    ("item", "model"),
    ("item", "hardware_version"),
    ("item", "firmware_version"),
    ("item", "serial_numbers"),
    ("item", "sdk"),
    ("item", "boot_state"),
    ("item", "condition"),
    ("item", "received"),
    ("tester",),
    ("approver",),
)
"""What an official report must say and only people know. Source: report.md 1."""


def development(board: BoardFile) -> list[str]:
    """Return why a device is for development only, whoever runs it; nothing is opened and no key is read."""
    return [one.detail for one in _for_development(board)]


def matters(board: BoardFile) -> list[Named]:
    """Return what of a board the policy of a lab decides. Its key is read, the board is not touched.

    Raises:
        UsageError: The reference to the key leads nowhere.
    """
    found = list(_for_development(board))
    if board.device.key is not None and not any(one.matter == "debug_keys" for one in found):
        key = Resolver(board).device_key()
        if key is not None and _is_published(key):
            found.append(Named("debug_keys", "device.key: it is a debug key that the vendor published"))
    for name, stand_in in board.stand_ins.items():
        found.append(
            Named("simulated_board", f"transports.{name}: the device behind it is {stand_in}, no board")
        )
    if board.service.is_mock:
        found.append(Named("mock_service", "service.endpoint: it is the harness's mock, not the cloud"))
    if board.probe is not None:
        found.append(Named("probe_firmware", "probe: it is in the firmware, which no product is sold with"))
    return found


def judged(found: Iterable[Named], policy: Policy) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Return what the policy refuses, and what it has the report name."""
    refused: list[Named] = []
    named: list[Named] = []
    for one in found:
        (refused if getattr(policy, one.matter) == "refuse" else named).append(one)
    return tuple(refused), tuple(named)


def refused_words(refused: Iterable[Named]) -> list[str]:
    """Return what a policy refuses, in words."""
    return [f"{one.detail} (policy.{one.matter}: refuse)" for one in refused]


def left_out(board: BoardFile, lab: LabFile) -> Iterator[str]:
    """Give what people left out of a board file and a lab file that an official report must say, by field."""
    yield from _declaration(board)
    said = combined(board.report, lab.report)
    yield from _report(said)
    number = board.device.serial_number
    if said.item.serial_numbers and number is not None and number not in said.item.serial_numbers:
        yield f"report.item.serial_numbers: {number}, which device.serial_number says, is not among them"
    for source in (board.source, lab.source):
        if source.left:
            yield f"{source.path}: still to be filled in: {', '.join(source.left)}"


def _for_development(board: BoardFile) -> Iterator[Named]:
    if board.plan.carrier is PlannedCarrier.DEMO:
        yield Named(
            "demo_carrier",
            "plan.carrier: demo is the SDK's carrier for debugging, whose key is in the firmware",
        )
    key_type = checks.published_key_type(board)
    if key_type is not None:
        yield Named(
            "debug_keys", f"device.key: it is the debug key of type {key_type} that the vendor published"
        )
    elif checks.expected_id(board) in published.IDENTIFIERS:
        yield Named("debug_keys", "device.id: the vendor published it together with its debug key")


def _declaration(board: BoardFile) -> Iterator[str]:
    """Give what the declaration leaves open of a board that has the part which it is about."""
    declares = board.declaration.declares
    told = {field_name(one.loc): one.text for one in checks.open_questions(board)}
    wanted: Mapping[str, bool] = {
        "algorithms": board.chip is not None,
        "commands": board.chip is not None and board.chip.command_set_kind.has_optional_commands(),
        "options": ChipCommand.GET_VENDOR_INFO in board.declaration.commands,
        "vendor": ChipCommand.GET_VENDOR_INFO in board.declaration.commands,
        "features": board.client is not None or board.runs_program,
        "sdk_version": board.runs_program,
    }
    for name, matters_here in wanted.items():
        field = f"declaration.{name}"
        if matters_here and not declares(name):
            told.setdefault(
                field, "is not written; an empty list says none, and nothing written says nothing"
            )
    yield from (f"{field}: {text}" for field, text in told.items())


def _report(said: Particulars) -> Iterator[str]:
    for loc in _WANTED:
        value: object = said
        for part in loc:
            value = getattr(value, part)
        if not value:
            yield f"report.{'.'.join(loc)}: is not written, in the board file or the lab file"
    yield from (f"{field_name(one.loc)}: {one.text}" for one in report_checks.advice(said))


def _is_published(key: Key) -> bool:
    return any(
        key.key_type is known.key_type
        and (key.public == known.key.public if key.public else key.reveal() == known.key.reveal())
        for known in published.EVERY
    )


def refusal(board: BoardFile, against: Iterable[str]) -> UsageError:
    """Return the error of a board, or of a way to run it, that no official report may come of; all of it is told."""
    told = "".join(f"\n  {each}" for each in against)
    return UsageError(
        f"{board.source.path or board.name}: no official report may come of it:{told}",
        hint="`harness run --official --dry-run` tells it again; leave --official out: a development run judges the "
        "same and says so in its report",
    )
