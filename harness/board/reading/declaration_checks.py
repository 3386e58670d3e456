"""What a board file leaves open that only the maker of the board or of its chip can answer."""

from harness.board.models import BoardFile, ChipAlgorithm
from harness.board.models.declaration import Declaration
from harness.probe.functions import Group
from harness.settings.problems import Problem


def questions(board: BoardFile, wanted: ChipAlgorithm | None) -> list[Problem]:
    """Return what is not declared, with what to write.

    Args:
        board: The board file.
        wanted: The algorithm that codes of the plan's key type are made with.
    """
    declaration = board.declaration
    found = []
    if board.carrier is not None and board.carrier.declared_only() and not declaration.declares("features"):
        found.append(
            Problem(
                ("declaration", "features"),
                "is not written: which parts of the id2_client API does the firmware have beyond auth codes and "
                "decrypt? write them, such as `features: [derive-key, secret]`; until then none is judged",
            )
        )
    if Group.NET in declaration.port and board.network is None and not board.simulated:
        found.append(
            Problem(
                ("declaration", "port"),
                "says net, and nothing says how the board reaches this computer: write `network: {listen: ADDRESS}`, "
                "this computer's address on the network of the board; until then its network is not judged",
            )
        )
    if board.chip is None:
        return found
    if not declaration.declares("algorithms") and wanted is not None:
        found.append(
            Problem(
                ("declaration", "algorithms"),
                f"is not written: what does the chip's maker claim? {board.plan.key_type} codes need "
                f"`algorithms: [{wanted}]`; until it is written a chip that refuses is not judged",
            )
        )
    if not declaration.declares("commands") and board.chip.command_set_kind.has_optional_commands():
        found.append(
            Problem(
                ("declaration", "commands"),
                "is not written: which optional commands does the chip have? write them, such as "
                "`commands: [get-vendor-info]`, or `commands: []` for none; until then none must be refused",
            )
        )
    return found


def undeclared(declaration: Declaration) -> bool:
    """Tell whether nobody has said what the chip can do."""
    return not declaration.declares("algorithms")
