"""The board file that somebody starts with who has decided on a plan.

Every line that only the owner of the board can write holds the mark of `harness.board.reading.to_fill_in`; a run
refuses a file with such a line, and `harness boards check` names each.
"""

from pathlib import Path

from harness.board.models import Pattern
from harness.board.plan.demands import PROVISIONABLE
from harness.board.plan.table import PATTERNS, Cell, in_words
from harness.board.reading.checks import ECB_ALGORITHM
from harness.board.reading.to_fill_in import MARK
from harness.console.dialect import DIALECTS

_COLUMN = 40
_LINKED = frozenset({"se", "km", "tee"})
"""Carriers whose firmware the vendor's guides bring to IoT Platform by iTLS."""
_WITHOUT_AN_ID = frozenset({"km", "tee"})
"""Carriers that a device is made with before it has an ID²."""

_CONTROLLERS = """\
# controllers:                          # what acts on the board from outside: docs/add-a-controller.md
#   power:
#     kind: command
#     acts_on: relay 1
#     power_off: [relay, "1", "off"]
#     power_on: [relay, "1", "on"]
"""

_REPORT = """\
# report:                               # what only people know; an official run wants it: docs/official-runs.md
#   number: 2026-001
#   customer: {name: …, contact: …}
"""


def starting_file(cell: Cell, path: Path, name: str, *, probe: bool) -> str:
    """Return the text of a board file for a possible plan; it loads as it is.

    Args:
        cell: The plan.
        path: Where the file is going to be, for its comments.
        name: Name of the board.
        probe: Whether the probe is linked into the firmware.
    """
    parts = [
        _head(cell, path, name),
        _plan(cell),
        _transports(cell),
        _console(cell, probe=probe),
        _chip_on_a_bus(cell) if cell.plan.carrier == "se" and not probe else "",
        _link(cell),
        _CONTROLLERS,
        _device(cell),
        _declaration(cell, probe=probe),
        _service(cell),
        _server(cell),
        _REPORT,
    ]
    return "\n".join(part for part in parts if part)


def _head(cell: Cell, path: Path, name: str) -> str:
    plan = cell.plan
    guide = f"{cell.guide.title}{': ' if cell.guide.address else ''}{cell.guide.address}"
    lines = [
        f"# A starting board file for {in_words(plan)}.",
        f"# Write what your board has where {MARK} stands, take the # away where a section is yours, then:",
        "#",
        f"#     harness boards check {path}",
        f"#     harness plan {path}",
        f"#     harness run {path}",
        "#",
        f"# The vendor's guide: {guide}",
        *(f"# From end to end: {address}" for address in cell.recipes),
        *([f"# What judges its steps: {cell.guide.page}"] if cell.guide.page else []),
        *(f"# Warning: {doubt}" for doubt in cell.doubts),
        "# Every field is described in docs/board-files.md.",
        "version: 1",
        f"name: {name}",
        f"description: {plan.carrier} with {plan.key_type} on {plan.platform}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _plan(cell: Cell) -> str:
    plan = cell.plan
    return "plan:\n" + "".join(
        _commented(f"  {field}: {value}", comment)
        for field, value, comment in (
            ("pattern", plan.pattern, PATTERNS[plan.pattern]),
            ("carrier", plan.carrier, cell.demands.meaning),
            ("platform", plan.platform, "what runs on the board"),
            ("key_type", plan.key_type, "as the setting of the product says"),
        )
    )


def _transports(cell: Cell) -> str:
    actions = "" if cell.plan.carrier == "module" else _RESET_ACTION
    return (
        "transports:\n  console:\n    kind: serial\n"
        + _commented(
            f"    port: /dev/{MARK}", "`harness discover` lists the ports; or usb: {vid: …, pid: …, …}"
        )
        + _commented("    baudrate: 115200", "as the console of the board is set")
        + actions
    )


_RESET_ACTION = """\
    # actions:                          # as your board is wired: here RTS pulls its reset line down
    #   again: [{rts: on}, {wait_ms: 100}, {rts: off}]
"""


def _console(cell: Cell, *, probe: bool) -> str:
    program = "link_app" if _has_link(cell) else "id2_app"
    what = "a firmware that connects and stays connected" if _has_link(cell) else "the vendor's test program"
    text = "console:\n  transport: console\n" + _commented(f"  program: {program}", what)
    said = f"how it speaks, unless it is another: {', '.join(DIALECTS.names)}"
    text += _commented(f"  # dialect: {cell.plan.platform_kind.dialect()}", said)
    text += _commented("  boot_timeout_s: 20", "from opening the console to the program's first line")
    if probe:
        text += "\n" + _commented("probe: {}", "linked into the firmware: docs/probe.md")
        text += _commented("carrier: {kind: probe}", "its id2_client is called through it")
        if cell.plan.carrier == "se":
            text += _commented(
                "chip: {through: probe, command_set: ica}", "the chip, by the board's own driver"
            )
    else:
        text += "\n" + _commented("# probe: {}", "when the probe is linked into the firmware: docs/probe.md")
        text += "# carrier: {kind: probe}\n"
    return text


def _chip_on_a_bus(cell: Cell) -> str:
    algorithm = ECB_ALGORITHM.get(cell.plan.key_type)
    claim = f"#     and under declaration: algorithms: [{algorithm}]\n" if algorithm else ""
    return (
        "# Where the chip can be wired to this computer, one more transport leads to it, as in boards/example-*.yaml:\n"
        "#   under transports:  chip: {kind: i2c, bus: /dev/i2c-1, address: 0x71}\n"
        "#   and a section:     chip: {transport: chip, framing: fm1280, command_set: ica}\n" + claim
    )


def _has_link(cell: Cell) -> bool:
    plan = cell.plan
    return plan.pattern is Pattern.IOT_PLATFORM and plan.carrier.value in _LINKED and plan.key_type.symmetric


def _provisioned(cell: Cell) -> bool:
    return cell.plan.carrier in _WITHOUT_AN_ID and cell.plan.key_type in PROVISIONABLE


def _link(cell: Cell) -> str:
    connected = _has_link(cell)
    if not connected and not _provisioned(cell):
        return ""
    offers = ["provisioning"] if _provisioned(cell) else []
    offers += ["mqtt", "reconnect"] if connected else []
    lines = [
        _commented("link:", "what the firmware does over iTLS: docs/link.md"),
        _commented("  listen: 0.0.0.0", "the board must reach this computer"),
        _commented("  port: 1883", "the port that the firmware goes to"),
        _commented(f"  device_name: {MARK}", "as compiled into the firmware"),
        f"  mqtt: {'true' if connected else 'false'}\n",
        _commented(f"  offers: [{', '.join(offers)}]", "what your firmware does: also echo, keepalive"),
        _commented("  # reset: again", "what needs a restart is left out without it, or a controller"),
    ]
    text = "".join(lines)
    if connected:
        return text
    return "# For a firmware that gets its ID² over the network:\n" + "".join(
        f"# {line}" for line in text.splitlines(keepends=True)
    )


def _device(cell: Cell) -> str:
    return (
        "device:\n"
        "  # serial_number: A12345               # from the label; destructive scenarios run only with it\n"
        "  # id: 00FFFFFF0123456789ABCDEF        # when known: the device must report exactly this ID\n"
        + _key(cell)
    )


def _key(cell: Cell) -> str:
    if cell.plan.carrier == "puf":
        return _commented(
            '  # key: {public: "04…"}', "its public key: 04, X and Y in hex, as it was enrolled with"
        )
    of = (
        "the debug ID² that is compiled in"
        if cell.plan.carrier == "demo"
        else "a test device, never of a product"
    )
    return _commented("  # key: {env: BOARD_KEY}", f"hex digits in an environment variable; of {of}")


def _declaration(cell: Cell, *, probe: bool) -> str:
    text = _commented("declaration:", "what the board's maker claims; each claim is held against the board")
    text += _commented("  # sdk_version: 3.1.0", "of the ID² Client SDK in the firmware")
    if probe:
        text += _commented(
            "  # features: [derive-key, secret]", "of the id2_client API, beyond codes and decrypt"
        )
        text += _commented(
            f"  # port: [{_groups(cell)}]", "functions of the port that are judged through the probe"
        )
    return text


def _groups(cell: Cell) -> str:
    return "driver, osa" if cell.plan.carrier == "se" else "osa, device-id, partition, kv, random"


def _service(cell: Cell) -> str:
    text = "service:\n" + _commented("  endpoint: mock", "the service that the harness brings along")
    text += "  product:\n    name: my_product\n    licences: 10\n"
    text += _commented(
        "    # product_key: a1XXXXXXXXX", f"from the {cell.means.console}, 11 letters and digits"
    )
    text += _commented("    # product_secret: {env: PRODUCT_SECRET}", "goes with it")
    text += (
        "  # The real service: endpoint: real, access_key: env, and the product_key (docs/real-service.md)\n"
    )
    return text


def _server(cell: Cell) -> str:
    if not cell.means.server_development:
        return ""
    return "# server:                               # your own server, judged in step 3: docs/business-server.md\n"


def _commented(text: str, comment: str) -> str:
    """Return a line of the file with its comment, which stands in a column of its own where it fits."""
    return f"{text:<{_COLUMN - 2}}  # {comment}\n"
