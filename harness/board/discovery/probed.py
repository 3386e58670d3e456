"""Asks a probe in a firmware what board it stands in, and drafts the board file from its answers."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.board.discovery.claims import Listed
from harness.board.discovery.draft import board_name, is_named
from harness.board.models import BoardFile, ChipOption, Feature
from harness.board.opening.board import Board
from harness.board.reading.file import parse
from harness.chip.errors import AnswerError, StatusError
from harness.chip.ica.chip import IcaChip
from harness.chip.ica.vendor import VendorInfo
from harness.errors import DeviceError, UsageError
from harness.id2 import authcode
from harness.id2.codes import ResultCode
from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType
from harness.probe.functions import Group
from harness.probe.link import Answer, ProbeLink
from harness.transport.drafted import Drafted, quoted
from harness.transport.found import Bus, Found
from harness.transport.printable import safe_bytes

_CHALLENGE = b"55B83408399FA660F05C82E4F25333DC"
_ABSENT = frozenset({ResultCode.NOT_SUPPORTED, ResultCode.NOT_IMPLEMENTED})
_IROT = re.compile(rb"id2 irot type, (\d{1,3})")
_CARRIERS = {1: "km", 2: "se", 3: "puf", 4: "tee", 5: "demo"}  # Source: device-protocol.md e.1
_KEY_TYPES = {  # by hash and length of the signature. Source: device-protocol.md b.3
    (HashType.SHA256, 40): "3des-168",
    (HashType.SHA256, 48): "aes-128",
    (HashType.SM3, 48): "sm4-128",
    (HashType.SHA256, 128): "rsa-1024",
    (HashType.SM3, 64): "sm2-256",
    (HashType.SHA256, 56): "ecc-k224",
    (HashType.SHA256, 64): "ecc-k256",
}
_ID = re.compile(r"[0-9A-F]{24}")

_HEAD = """\
version: 1
name: {name}
description: {description}

plan:                                   # correct: what the manufacturer chose (step 1)
  pattern: own-platform                 # own-platform | third-party-system | iot-platform
  carrier: {carrier}
  platform: third-party-os              # third-party-os | alios-things | link-sdk | link-tee
  key_type: {key_type}

transports:
  console:
{transport}
console:
  transport: console
  # program: id2_app                    # where the firmware prints a self-test at its start: which one

probe: {probe}
carrier: {{kind: probe}}
"""
_NETWORK = """\

# network:                              # net is judged when this is written
#   listen: 192.168.7.1                 # correct: this computer's address on the network of the board
"""
_CHIP = "chip: {through: probe, command_set: ica}\n"


@dataclass(frozen=True, slots=True)
class Probed:
    """What a firmware said of its board.

    Attributes:
        name: Name of the firmware; empty for none.
        groups: The groups of functions in it.
        carrier: Where the key lives, as the client printed it; empty when it did not.
        key_type: The key type that its codes look like; empty when it made none.
        id2: Its ID; empty when it gave none.
        sdk_version: Version of the client; empty when it said none.
        features: Parts of the client API that it does not refuse as unknown.
        vendor: What its chip says of itself, through the board's own driver; None for none.
        chip: Whether a chip of the standard command set answers through the driver.
    """

    name: str
    groups: tuple[Group, ...]
    carrier: str = ""
    key_type: str = ""
    id2: str = ""
    sdk_version: str = ""
    features: tuple[Feature, ...] = ()
    vendor: VendorInfo | None = None
    chip: bool = False

    def __str__(self) -> str:
        said = [self.name or "a firmware without a name"]
        said += [f"ID {self.id2}"] if self.id2 else []
        said += [f"SDK {self.sdk_version}"] if self.sdk_version else []
        said += [f"carrier {self.carrier}"] if self.carrier else []
        return f"{', '.join(said)}; groups {', '.join(self.groups) or 'none'}"


def ports(rows: Iterable[Listed], device: str) -> tuple[Found, ...]:
    """Return the serial ports to ask.

    Args:
        rows: What is there.
        device: Path, USB location or serial number of one; a path need not be among what is there. Empty for all that
            no board file claims and nobody holds, those of the machine itself left aside.

    Raises:
        UsageError: There is no such port.
    """
    serial = [row for row in rows if row.found.bus is Bus.SERIAL]
    if not device:
        return tuple(row.found for row in serial if not row.claims and not row.held and row.found.usb_port)
    for row in serial:
        if is_named(row.found, device):
            return (row.found,)
    if not os.path.exists(device):  # noqa: PTH110 - unlike Path.exists it does not raise in a folder closed to us
        raise UsageError(f"--device {device!r}: there is no such port", hint="`harness discover` lists them")
    return (Found(Bus.SERIAL, os.path.abspath(device)),)  # noqa: PTH100 - a link keeps its name


def ask(found: Found, drafted: Drafted, path: Path, seconds: float = 10.0) -> Probed:
    """Ask what answers on a serial port.

    Args:
        found: The port.
        drafted: How a board file names it.
        path: The board file that is to be, for messages.
        seconds: How long to wait for an answer; a board that starts when its port opens needs some.

    Raises:
        BenchError: No probe answers, or the port cannot be opened.
        DeviceError: What answers is wrong in what it says of itself.
    """
    settings = f"{{start_s: {seconds:g}}}"
    file = parse(_text(found, drafted, path, Probed("", ()), settings), path)
    with Board(file) as board:
        link = board.probe()
        hello = link.hello
        groups = tuple(group for group in Group if group in hello.groups)
        said = Probed(hello.name, groups)
        if Group.CLIENT in hello.groups:
            said = _client(board, link, said)
    if Group.DRIVER in groups:
        with_chip = Probed("", (), key_type=said.key_type, chip=True)
        said = _driver(parse(_text(found, drafted, path, with_chip), path), said)
    return said


def draft(found: Found, drafted: Drafted, path: Path, probed: Probed) -> str:
    """Return the text of a board file whose declaration is what the firmware said; it is valid as it is."""
    note = (
        "# Drafted from what the firmware's probe said. What stands under `declaration` is what the board says it\n"
        "# has: correct it to what it is meant to have, and the plan, then:\n#\n"
    )
    commands = "".join(f"#     harness {words} {path}\n" for words in ("boards check", "plan", "run"))
    return note + commands + _text(found, drafted, path, probed)


def _text(found: Found, drafted: Drafted, path: Path, probed: Probed, probe: str = "{}") -> str:
    lines = "".join(f"    {line}\n" for line in drafted.lines)
    text = _HEAD.format(
        name=board_name(path),
        description=quoted(f"Drafted for {found}"),
        carrier=_marked(probed.carrier, "se", "se | km | tee | puf | module | demo"),
        key_type=_marked(probed.key_type, "aes-128", "as the product setting says"),
        transport=lines,
        probe=probe,
    )
    text += _CHIP if probed.chip else ""
    if probed.id2:
        text += f"\ndevice:\n  id: {quoted(probed.id2)}\n"  # one of digits alone would be a number
    text += _NETWORK if Group.NET in probed.groups else ""
    text += "\ndeclaration:\n" + "".join(f"  {line}\n" for line in _declared(probed))
    return text + "\nservice:\n  endpoint: mock\n  product: {name: my_product, licences: 10}\n"


def _marked(said: str, otherwise: str, choices: str) -> str:
    return said or f"{otherwise:<30}  # correct: {choices}"


def _declared(probed: Probed) -> list[str]:
    lines = [f"port: [{', '.join(probed.groups)}]"]
    if probed.features:
        lines.append(f"features: [{', '.join(probed.features)}]")
    if probed.sdk_version:
        lines.append(f"sdk_version: {probed.sdk_version}")
    if probed.vendor is not None:
        labels = {option.label.lower() for option in probed.vendor.options}
        options = [option for option in ChipOption if option in labels]
        lines += [f"vendor: 0x{probed.vendor.vendor:04X}", f"options: [{', '.join(options)}]"]
    return lines


def _client(board: Board, link: ProbeLink, said: Probed) -> Probed:
    """Ask the client of the firmware; it is left as it was."""
    console = board.console()
    begin = console.received
    if link.call("ini").rc != 0:
        return said
    try:
        version = link.call("ver", out=4)
        number = int.from_bytes(version.data) if version.rc == 0 and len(version.data) == 4 else 0
        code = link.call("cac", a=_CHALLENGE, out=512)
        printed, _ = console.since(begin)
        irot = _IROT.search(printed)
        return replace(
            said,
            carrier=_CARRIERS.get(int(irot[1]), "") if irot else "",
            key_type=_key_type(code),
            id2=_id(link.call("gid", out=64)),
            sdk_version=".".join(str(number >> shift & 0xFF) for shift in (16, 8, 0)) if number else "",
            features=tuple(feature for feature, has in _FEATURES.items() if has(link)),
        )
    finally:
        link.call("cln")


def _id(answer: Answer) -> str:
    text = safe_bytes(answer.data) if answer.rc == 0 else ""
    return text if _ID.fullmatch(text) else ""


def _key_type(answer: Answer) -> str:
    if answer.rc != 0:
        return ""
    try:
        code = authcode.parse(answer.data.decode("ascii", "replace"))
    except Id2Error:
        return ""
    return _KEY_TYPES.get((code.hash, len(code.sign)), "")


def _has(function: str, group: Group, call: Callable[[ProbeLink], Answer]) -> Callable[[ProbeLink], bool]:
    """Return a question: whether a function is there and is not refused as unknown."""

    def asked(link: ProbeLink) -> bool:
        return group in link.hello.groups and function in link.functions and call(link).rc not in _ABSENT

    return asked


_FEATURES: dict[Feature, Callable[[ProbeLink], bool]] = {
    Feature.ENCRYPT: _has(
        "enc", Group.CLIENT, lambda link: link.call("enc", a=bytes(16), c=b"harness", out=64)
    ),
    Feature.DERIVE_KEY: _has(
        "dky", Group.CLIENT, lambda link: link.call("dky", c=b"harness", out=16, secret=True)
    ),
    Feature.SECRET: _has(
        "sec", Group.CLIENT, lambda link: link.call("sec", c=b"harness", out=64, secret=True)
    ),
    Feature.VERIFY_SERVER: _has(
        "vsv", Group.CLIENT, lambda link: link.call("vsv", a=b"10~2~0~AAAA", c=_CHALLENGE)
    ),
    Feature.KPM: _has("kpa", Group.KPM, lambda link: link.call("kpa", k=1, m=1, a=_CHALLENGE, out=512)),
    Feature.TOTP: _has(
        "tot", Group.DPM, lambda link: link.call("tot", k=1512022279, m=1, n=180, p=12, out=16)
    ),
}
"""How each part of the API is asked for; nothing of it changes the device."""


def _driver(file: BoardFile, said: Probed) -> Probed:
    """Ask the chip behind the board's driver, if there is one of the standard command set."""
    with Board(file) as board:
        try:
            chip = board.chip()
            chip.get_id()
        except DeviceError:
            return said
        if not isinstance(chip, IcaChip):
            return said
        try:
            vendor: VendorInfo | None = chip.get_vendor_info()
        except (StatusError, AnswerError):
            vendor = None
        return replace(said, chip=True, vendor=vendor)
