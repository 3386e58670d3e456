"""Drafts a board file for a device that no board file claims yet."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from harness.board.discovery.claims import Listed
from harness.errors import BenchError, UsageError
from harness.kinds import asking
from harness.transport.drafted import Drafted, quoted
from harness.transport.found import Bus, Found
from harness.transport.kinds import TRANSPORTS

_TEMPLATE = """\
# Drafted from what was plugged in. Correct the plan and what is marked, then:
#
#     harness boards check {file}
#     harness plan {file}
#     harness run {file}
version: 1
name: {name}
description: {description}

plan:                                   # correct: what the manufacturer chose (step 1)
  pattern: own-platform                 # own-platform | third-party-system | iot-platform
  carrier: se
  platform: third-party-os              # third-party-os | alios-things | link-sdk | link-tee
  key_type: aes-128                     # as the product setting says

transports:
  chip:
{transport}
chip:
  transport: chip
  framing: {framing}
  command_set: ica                      # correct: ica, or mtk for the older 3DES variant

declaration:                            # ask the chip's maker; until it is written the chip is not held to it
  # algorithms: [aes-ecb]               # what codes of the plan's key type are made with, and what else it does
  # commands: [get-vendor-info]         # optional commands that it has; [] for none

service:
  endpoint: mock
  product: {{name: my_product, licences: 10}}
"""


def choose(found: Iterable[Listed], device: str) -> Found:
    """Return the device to draft a board file for.

    Args:
        found: What is there.
        device: Its path, USB location or serial number; empty for the only one that no board file claims, the
            serial ports of the machine itself left aside.

    Raises:
        UsageError: none or several fit; the message lists them.
    """
    everything = list(found)
    if device:
        fitting = [each.found for each in everything if is_named(each.found, device)]
    else:
        # Nobody can tell whether anything is wired to a port of the machine itself: it must be named.
        fitting = [each.found for each in everything if not each.claims and not _is_built_in(each.found)]
    best = [each for each in fitting if each.bus is not Bus.USB] or [
        each for each in fitting if _drafted(each) is not None
    ]
    if len(best) == 1:
        return best[0]
    what = f"fit {device!r}" if device else "are claimed by no board file"
    names = "; ".join(map(str, best)) or "; ".join(str(each.found) for each in everything) or "nothing"
    raise UsageError(
        f"{len(best)} devices {what}: {names}",
        hint="name one with --device: its path, its USB location or its serial number",
    )


def _is_built_in(found: Found) -> bool:
    return found.bus is Bus.SERIAL and found.usb_port is None and found.path.startswith("/dev/ttyS")


def draft(found: Found, path: Path) -> str:
    """Return the text of a board file that leads to a device; it is valid as it is.

    Raises:
        UsageError: No kind of transport knows how.
    """
    drafted = drafted_transport(found)
    text = "".join(f"    {line}\n" for line in drafted.lines)
    return _TEMPLATE.format(
        file=path,
        name=board_name(path),
        description=quoted(f"Drafted for {found}"),
        transport=text,
        framing=drafted.framing,
    )


def board_name(path: Path) -> str:
    """Return the name of a board for the name of its file."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40] or "board"


def drafted_transport(found: Found) -> Drafted:
    """Return how a board file names a device.

    Raises:
        UsageError: No kind of transport knows how.
    """
    drafted = _drafted(found)
    if drafted is None:
        raise UsageError(
            f"no kind of transport says how a board file names {found}",
            hint="write the board file by hand: docs/board-files.md",
        )
    return drafted


def write(path: Path, text: str) -> None:
    """Write a draft to a file that must not exist yet.

    Raises:
        UsageError: it exists.
        BenchError: the disk refuses.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{path}: exists; a board file is never written over", hint="name another file"
        ) from None
    except OSError as error:
        raise BenchError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from error


def is_named(found: Found, device: str) -> bool:
    """Tell whether a path, USB location or serial number means what was found."""
    return device in (found.path, found.location, found.serial_number) or (
        found.path.startswith("/dev/") and os.path.realpath(device) == found.path
    )


def _drafted(found: Found) -> Drafted | None:
    """Return the first draft of a kind; None for what no kind could use, such as a disk or a camera."""
    for name, kind in TRANSPORTS.all().items():
        with asking(kind, f"transport kind {name!r} cannot draft {found}"):
            if (drafted := kind.draft(found)) is not None:
                return drafted
    return None
