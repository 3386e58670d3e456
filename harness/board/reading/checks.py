"""Checks that look across the sections of a board file: errors first, then advice."""

import os

from harness.board.models import (
    BoardFile,
    ChipAlgorithm,
    PlannedCarrier,
)
from harness.board.plan import matrix as plan_matrix
from harness.board.plan.needs import needs, unmet
from harness.board.reading import (
    console_checks,
    controller_checks,
    declaration_checks,
    link_checks,
    report_checks,
)
from harness.id2 import product_name, published
from harness.id2.keys import KeyType
from harness.settings.problems import Loc, Problem, printable
from harness.settings.simulated_device import SimulatedDevice
from harness.settings.suggest import meant

ECB_ALGORITHM: dict[KeyType, ChipAlgorithm] = {
    KeyType.DES3_112: ChipAlgorithm.DES_ECB,
    KeyType.DES3_168: ChipAlgorithm.DES_ECB,
    KeyType.AES_128: ChipAlgorithm.AES_ECB,
    KeyType.AES_192: ChipAlgorithm.AES_ECB,
    KeyType.AES_256: ChipAlgorithm.AES_ECB,
    KeyType.SM4_128: ChipAlgorithm.SM4_ECB,
    KeyType.SM1_128: ChipAlgorithm.SM1_ECB,
}
"""The algorithm that ID² uses with each symmetric key type. Source: device-protocol.md b.3."""


def simulated_device(board: BoardFile, transport: str) -> SimulatedDevice | None:
    """Return the simulated device behind a transport of `board`, or None."""
    settings = board.transports.get(transport)
    return None if settings is None else settings.simulated_device


def published_key_type(board: BoardFile) -> KeyType | None:
    """Return the type of the published debug key that the device has, or None when it has none."""
    key = board.device.key
    if key is None:
        return None
    if key.simulated is not None:
        device = simulated_device(board, key.simulated)
        return device.key.published if device else None
    return key.published


def expected_id(board: BoardFile) -> str | None:
    """Return the ID that the device must report, where the board file says one or implies one.

    A published key brings the ID it was published with, and a simulated device knows its own.
    """
    if board.device.id is not None:
        return board.device.id
    key = board.device.key
    if key is not None and key.simulated is not None:
        device = simulated_device(board, key.simulated)
        return device.reported_id if device else None
    key_type = published_key_type(board)
    return published.KEYS[key_type].id2 if key_type is not None else None


def errors(board: BoardFile) -> list[Problem]:
    """Return what makes the board file unusable although each section is right by itself."""
    return [
        *plan_matrix.contradictions(board.plan),
        *_parts(board),
        *_carrier(board),
        *_probe(board),
        *(unmet(board) or _shared(board)),
        *_key(board),
        *_pin(board),
        *_declaration(board),
        *_transports(board),
        *_certificates(board),
        *_server(board),
        *_product_name(board),
        *console_checks.errors(board),
        *controller_checks.errors(board),
        *link_checks.errors(board),
        *report_checks.errors(board.report),
    ]


def advice(board: BoardFile) -> list[Problem]:
    """Return what is doubtful; the board can be used."""
    return [
        *_name(board),
        *plan_matrix.undocumented(board.plan),
        *plan_matrix.key_doubts(board.plan),
        *_transport_doubts(board),
        *_unused(board),
        *_simulated(board),
        *_key_type(board),
        *_public_key(board),
        *open_questions(board),
        *_service(board),
        *_server_doubts(board),
        *link_checks.advice(board),
        *report_checks.advice(board.report),
    ]


def open_questions(board: BoardFile) -> list[Problem]:
    """Return what the declaration leaves open that only the maker of the board or of its chip can answer."""
    return declaration_checks.questions(board, ECB_ALGORITHM.get(board.plan.key_type))


def _parts(board: BoardFile) -> list[Problem]:
    if board.chip is None and board.console is None and board.carrier is None:
        return [Problem((), "the board has neither chip nor console: there is nothing to drive")]
    return []


def _product_name(board: BoardFile) -> list[Problem]:
    """Return what keeps the mock from creating the product; in a real service it is there already."""
    why = product_name.refusal(board.service.product.name) if board.service.is_mock else ""
    return [Problem(("service", "product", "name"), why)] if why else []


def _carrier(board: BoardFile) -> list[Problem]:
    carrier, plan = board.carrier, board.plan
    if carrier is None:
        return []
    found = []
    if plan.carrier not in carrier.plan_carriers():
        wanted = " or ".join(sorted(carrier.plan_carriers()))
        text = f"{carrier.kind} is for plan.carrier {wanted}; the plan says {plan.carrier}"
        found.append(Problem(("carrier", "kind"), text))
    lacking = [part for part in sorted(carrier.parts()) if getattr(board, part) is None]
    if lacking:
        text = f"{carrier.kind} needs a {' and a '.join(lacking)} section, which the board does not have"
        found.append(Problem(("carrier", "kind"), text))
    if refusal := carrier.refusal(plan.key_type):
        found.append(Problem(("plan", "key_type"), refusal))
    return found


def _probe(board: BoardFile) -> list[Problem]:
    found = []
    if board.probe is not None and board.console is None:
        found.append(Problem(("probe",), "is on the console, and the board has no console section"))
    if board.chip is not None and board.chip.through is not None and board.probe is None:
        text = (
            "leads through the probe in the firmware, and the board has no probe section: write `probe: {}`"
        )
        found.append(Problem(("chip", "through"), text))
    return found


def _shared(board: BoardFile) -> list[Problem]:
    users: dict[str, str] = {}
    found = []
    for need in needs(board):
        first = users.setdefault(need.transport, need.part)
        if first != need.part:
            loc = need.loc if need.part == "carrier" else (need.part, "transport")
            text = f"{need.transport!r} leads to the {first} already; a transport has one user"
            found.append(Problem(loc, text))
    return found


def _transports(board: BoardFile) -> list[Problem]:
    return [
        Problem(("transports", name, *problem.loc), problem.text)
        for name, settings in board.transports.items()
        for problem in settings.errors(board.folder)
    ]


def _key(board: BoardFile) -> list[Problem]:
    key = board.device.key
    if key is None:
        return []
    if key.published is not None and key.published is not board.plan.key_type:
        return [
            Problem(
                ("device", "key", "published"),
                f"is of type {key.published}; plan.key_type is {board.plan.key_type}",
            )
        ]
    if key.simulated is None:
        return []
    device = simulated_device(board, key.simulated)
    loc = ("device", "key", "simulated")
    if device is None:
        return [_not_simulated(board, key.simulated, loc)]
    if device.key_type is not board.plan.key_type:
        return [
            Problem(loc, f"its device has key_type {device.key_type}; plan.key_type is {board.plan.key_type}")
        ]
    return []


def _pin(board: BoardFile) -> list[Problem]:
    value = board.device.pin.value if board.device.pin else None
    if value is None or value.simulated is None or simulated_device(board, value.simulated) is not None:
        return []
    return [_not_simulated(board, value.simulated, ("device", "pin", "value", "simulated"))]


def _not_simulated(board: BoardFile, name: str, loc: Loc) -> Problem:
    with_device = [each for each in board.transports if simulated_device(board, each)]
    return Problem(
        loc,
        f"transport {name!r} has no simulated device{meant(name, with_device)} "
        f"transports with one: {', '.join(with_device) or 'none'}",
    )


def _declaration(board: BoardFile) -> list[Problem]:
    declared = board.declaration.algorithms
    wanted = ECB_ALGORITHM.get(board.plan.key_type)
    says = board.declaration.declares("algorithms")
    # An empty list says nothing of a chip that the harness does not talk to: its console is judged without it.
    says = says and (bool(declared) or board.chip is not None)
    if board.plan.carrier is PlannedCarrier.SE and says and wanted and wanted not in declared:
        return [
            Problem(
                ("declaration", "algorithms"),
                f"says no {wanted}, and ID² with key type {board.plan.key_type} needs it",
            )
        ]
    return []


def _name(board: BoardFile) -> list[Problem]:
    path = board.source.path
    if path is not None and path.stem != board.name:
        return [
            Problem(
                ("name",), f"is {board.name!r} in a file named {path.name!r}; runs and locks go by the name"
            )
        ]
    return []


def _transport_doubts(board: BoardFile) -> list[Problem]:
    return [
        Problem(("transports", name, *problem.loc), problem.text)
        for name, settings in board.transports.items()
        for problem in settings.advice()
    ]


def _unused(board: BoardFile) -> list[Problem]:
    used = {need.transport for need in needs(board)}
    return [
        Problem(("transports", name), "no part of the board uses this transport")
        for name in board.transports
        if name not in used
    ]


def _simulated(board: BoardFile) -> list[Problem]:
    found = []
    for name, settings in board.transports.items():
        device = settings.simulated_device
        if device is None:
            continue
        loc = ("transports", name, "device")
        if device.key_type is not board.plan.key_type:
            found.append(
                Problem((*loc, "key_type"), f"is {device.key_type}; plan.key_type is {board.plan.key_type}")
            )
        if board.device.id and device.reported_id != board.device.id:
            found.append(Problem((*loc, "id"), "is not the ID that device.id expects"))
        chip = board.chip
        if chip and chip.transport == name and chip.command_set != device.command_set:
            found.append(
                Problem(
                    (*loc, "command_set"), f"is {device.command_set}; chip.command_set is {chip.command_set}"
                )
            )
    return found


def _public_key(board: BoardFile) -> list[Problem]:
    public = board.device.key.public if board.device.key else None
    x = (public or "").upper().removeprefix("04")
    if public is None or x[: len(x) // 2] not in published.POINTS_OF_NO_KEY:
        return []
    text = (
        "the point that the PUF demo publishes, to which its private key does not belong (known defect k.12)"
    )
    return [Problem(("device", "key", "public"), f"is {text}")]


def _key_type(board: BoardFile) -> list[Problem]:
    chip, key_type = board.chip, board.plan.key_type
    if chip is None or key_type in (known := chip.command_set_kind.key_types()):
        return []
    text = (
        f"{chip.command_set} is known with {', '.join(sorted(known))} keys only; plan.key_type is {key_type}"
    )
    return [Problem(("chip", "command_set"), text)]


def _service(board: BoardFile) -> list[Problem]:
    found = []
    if board.service.endpoint.startswith("http://"):
        found.append(
            Problem(("service", "endpoint"), "http:// sends ProductKey and codes in the clear; use https://")
        )
    algorithm = board.service.product.algorithm
    if algorithm is not None and algorithm is not board.plan.key_type:
        found.append(
            Problem(
                ("service", "product", "algorithm"),
                f"is {algorithm}; plan.key_type is {board.plan.key_type}",
            )
        )
    return found


def _certificates(board: BoardFile) -> list[Problem]:
    ca = board.service.ca
    if board.service.is_mock or ca is None or os.path.isfile(board.folder / ca):  # noqa: PTH113 - Path.is_file raises in a folder that is closed to us
        return []
    text = f"there is no file of certificates {printable(str(board.folder / ca))}"
    return [Problem(("service", "ca"), text)]


def _server(board: BoardFile) -> list[Problem]:
    if board.server is not None and not plan_matrix.consequences(board.plan.pattern).server_development:
        text = f"there is no server to write with pattern {board.plan.pattern}; leave the section out"
        return [Problem(("server",), text)]
    return []


def _server_doubts(board: BoardFile) -> list[Problem]:
    if board.server is None:
        return []
    found = []
    if board.client is None or board.device.key is None:
        needed = "device.key" if board.client else "a chip section, or a carrier section"
        text = f"is not judged: the mock answers for the device on the bench, which needs {needed}"
        found.append(Problem(("server",), text))
    if not board.server.trigger.names_the_device:
        text = "does not say which device is meant ({id2}); an impostor cannot be tried then"
        found.append(Problem(("server", "trigger"), text))
    return found
