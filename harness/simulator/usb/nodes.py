"""Finds what the kernel's drivers made of a device: its ttys and I²C buses, by where it is plugged in."""

import time
from pathlib import Path

from harness.errors import BenchError
from harness.simulator.usb.vhci import DEVICES

_LOOK = 0.02  # seconds between two looks


def node(place: str, pattern: str, *, patience: float = 10.0) -> Path:
    """Return the device node that belongs to the device at `place`, such as `3-1`.

    Args:
        place: Where the kernel has the device.
        pattern: Name of the node: `ttyACM*`, `ttyUSB*`, `i2c-*`.
        patience: Seconds to wait for the driver.

    Raises:
        BenchError: no driver made such a node.
    """
    deadline = time.monotonic() + patience
    while True:
        found = _found(DEVICES / place, pattern)
        if found is not None and found.exists():
            return found
        if time.monotonic() >= deadline:
            raise BenchError(
                f"no {pattern} appeared for the device at {place}",
                hint="load its driver: modprobe i2c-dev i2c-tiny-usb cdc-acm ftdi_sio",
            )
        time.sleep(_LOOK)


def _found(device: Path, pattern: str) -> Path | None:
    for path in sorted(device.glob(f"{pattern}/i2c-dev/i2c-*")) + sorted(
        device.glob(f"{device.name}:*/**/{pattern}")
    ):
        if path.name.startswith("i2c-") and path.parent.name != "i2c-dev":
            continue
        return Path("/dev") / path.name
    return None
