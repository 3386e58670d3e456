"""The checks of `harness doctor`. Each reads sysfs and procfs below the machine's root and opens no device."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from harness.board.discovery.claims import Listed
from harness.board.doctor.doctor import Check, Finding, Level, Machine, has_node
from harness.transport.found import VENDORS_CCID, Bus, Found
from harness.transport.holders import Holder

_PCSC_SOCKET = "/run/pcscd/pcscd.comm"
_GROUPS: Mapping[str, str] = MappingProxyType({Bus.SERIAL: "dialout", Bus.I2C: "i2c", Bus.USB: "plugdev"})
_DRIVERS = MappingProxyType(
    {
        (0x0403, 0x6001): "ftdi_sio",
        (0x0403, 0x6010): "ftdi_sio",
        (0x0403, 0x6011): "ftdi_sio",
        (0x0403, 0x6014): "ftdi_sio",
        (0x0403, 0x6015): "ftdi_sio",
        (0x0403, 0xC631): "i2c-tiny-usb",
        (0x1C40, 0x0534): "i2c-tiny-usb",
        (0x10C4, 0xEA60): "cp210x",
        (0x10C4, 0xEA90): "hid-cp2112",
        (0x1A86, 0x7523): "ch341",
        (0x1A86, 0x5523): "ch341",
        (0x067B, 0x2303): "pl2303",
        (0x067B, 0x23A3): "pl2303",
        (0x04D8, 0x00DD): "hid-mcp2221",
    }
)
_GRABBED_BY_BRLTTY = frozenset({(0x1A86, 0x7523), (0x10C4, 0xEA60), (0x0403, 0x6001), (0x067B, 0x2303)})
_ENDS = MappingProxyType(
    {
        "pcscd": "sudo systemctl stop pcscd.socket pcscd.service",
        "ModemManager": "sudo systemctl mask --now ModemManager",
        "brltty": "sudo apt remove brltty",
    }
)
_GROUP_MAY = 0o060  # read and write
_BROADCOM = "bcm2835"
_USER_SPACE = frozenset({"usb", "ccid", "hid", "ftdi-i2c", "ftdi-spi"})


def permission(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """A device node that this user may not use. USB nodes count when a board file means them."""
    for device in _nodes(devices):
        node = machine.at(device.found.path)
        if node.exists() and not machine.may_use(node):
            yield Finding(
                Level.BLOCKS,
                device.found.path,
                f"permission denied for {machine.user}",
                _access(device.found, node, machine.user),
            )


def busy(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """A serial port or a USB device that another program has open; an I²C bus may be shared."""
    for device in _nodes(devices):
        found = device.found
        if found.bus is Bus.I2C:
            continue
        # A run is no stranger: `locked` tells of it, and does not advise to kill it.
        ours = {machine.own_pid, device.lock.pid if device.lock else machine.own_pid}
        for holder in machine.in_use(found.path):
            if holder.pid not in ours:
                yield Finding(Level.BLOCKS, found.path, f"held by {holder}", _ending(holder, found))


def locked(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """A device that is in another run now."""
    del machine
    for device in devices:
        if device.lock is not None:
            board = device.claims[0].board if device.claims else device.lock.board or "BOARD"
            yield Finding(
                Level.WARNS,
                device.found.path,
                f"in a run now: {device.lock}",
                f"harness run {board} --wait 600",
            )


def missing_module(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """A device without its kernel driver, and I²C adapters without device nodes."""
    buses = [device.found for device in devices if device.found.bus is Bus.I2C]
    if any(not machine.at(found.path).exists() for found in buses):
        yield Finding(
            Level.BLOCKS,
            "i2c-dev",
            "there are I²C adapters, and no /dev/i2c-N: the kernel module is not loaded",
            "sudo modprobe i2c-dev; echo i2c-dev | sudo tee /etc/modules-load.d/i2c-dev.conf",
        )
    for device in devices:
        found = device.found
        driver = _DRIVERS.get((found.vid or 0, found.pid or 0))
        if found.bus is not Bus.USB or driver is None or _driven_from_user_space(device):
            continue
        if not any(interface.driver for interface in found.interfaces):
            yield Finding(
                Level.BLOCKS,
                str(found),
                f"no kernel driver has it; {driver} would",
                f"sudo modprobe {driver}",
            )
    for device in devices:
        kinds = {(each.kind, each.driver) for each in device.found.interfaces}
        if ("cdc", "") in kinds and not _driven_from_user_space(device):
            yield Finding(
                Level.BLOCKS,
                str(device.found),
                "no kernel driver has this USB serial device; cdc_acm would",
                "sudo modprobe cdc_acm",
            )


def smart_cards(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """A card reader without the PC/SC service, and one that the service keeps from a board of kind `ccid`."""
    runs = "pcscd" in machine.programs()
    listens = machine.at(_PCSC_SOCKET).exists()
    for device in devices:
        kinds = {interface.kind for interface in device.found.interfaces}
        if not kinds & {"ccid", VENDORS_CCID}:
            continue
        if VENDORS_CCID in kinds:
            yield Finding(
                Level.HINT,
                str(device.found),
                "a CCID reader whose interface has the vendor's class (ff): the PC/SC service lists it only if its "
                "driver libccid knows the reader's ids",
                "write kind: ccid, which goes by the class descriptor, or install the maker's driver for pcscd",
            )
        direct = any(claim.settings.kind == "ccid" for claim in device.claims)
        if direct and runs:
            yield Finding(
                Level.BLOCKS,
                str(device.found),
                "the PC/SC service has this reader, and a board file speaks to it directly (kind: ccid)",
                f"{_ENDS['pcscd']}   # or write kind: pcsc",
            )
        if not direct and not listens:
            yield Finding(
                Level.WARNS,
                str(device.found),
                "no PC/SC service runs, which kind: pcsc needs; kind: ccid does without",
                "sudo apt install pcscd libccid; sudo systemctl enable --now pcscd.socket",
            )


def autosuspend(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """A device that the kernel may put to sleep between two scenarios."""
    for device in devices:
        found = device.found
        control = f"/sys/bus/usb/devices/{found.location}/power/control"
        if found.bus is Bus.USB and machine.text(control) == "auto":
            yield Finding(
                Level.WARNS if device.claims else Level.HINT,
                str(found),
                "USB autosuspend is on: it may lose its state, or its first bytes, after a pause",
                f"echo on | sudo tee {control}",
            )


def latency(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """An FTDI port that waits before it hands over a few bytes."""
    for device in devices:
        name = Path(device.found.path).name
        timer = f"/sys/bus/usb-serial/devices/{name}/latency_timer"
        value = machine.text(timer) if device.found.bus is Bus.SERIAL else ""
        if value.isdecimal() and int(value) > 1:
            yield Finding(
                Level.WARNS,
                device.found.path,
                f"its latency timer is {value} ms: each short answer comes that much later",
                f"echo 1 | sudo tee {timer}",
            )


def grabbers(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """Programs that take serial ports for braille displays or modems."""
    running = machine.programs()
    usb = [device.found for device in devices if device.found.bus is Bus.USB]
    ports = {device.found.location for device in devices if device.found.bus is Bus.SERIAL}
    for found in usb:
        if (found.vid, found.pid) in _GRABBED_BY_BRLTTY and "brltty" in running:
            taken = found.location not in ports
            yield Finding(
                Level.BLOCKS if taken else Level.WARNS,
                str(found),
                "brltty takes adapters of this kind for a braille display"
                + ("; it has no serial port now" if taken else ""),
                f"{_ENDS['brltty']}   # or: sudo systemctl mask --now brltty-udev.service brltty.service",
            )
    if "ModemManager" in running and any(ports):
        yield Finding(
            Level.WARNS,
            "ModemManager",
            "it opens new serial ports and sends AT commands to them for up to a minute",
            f"{_ENDS['ModemManager']}   # or install the rules of: harness discover --udev",
        )


def wires(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """What no program can see on an I²C bus."""
    del machine
    for device in devices:
        found = device.found
        if found.bus is not Bus.I2C or not device.claims:
            continue
        yield Finding(
            Level.HINT,
            found.path,
            "pull-ups cannot be seen from here: SDA and SCL need about 4.7 kΩ to the chip's supply, less on long wires",
            f"i2cdetect -y {Path(found.path).name.removeprefix('i2c-')}   # an empty table: check power and pull-ups",
        )
        if _BROADCOM in found.driver:
            yield Finding(
                Level.WARNS,
                found.path,
                "this adapter (BCM2835) loses bits when a chip stretches the clock",
                "write dtoverlay=i2c-gpio,bus=3 into /boot/firmware/config.txt and use /dev/i2c-3, "
                "or lower dtparam=i2c_arm_baudrate to 50000",
            )


def absent(machine: Machine, devices: tuple[Listed, ...]) -> Iterator[Finding]:
    """Nothing at all to reach a board by."""
    del machine
    if not devices:
        yield Finding(
            Level.HINT,
            "this machine",
            "no serial port, I²C bus, USB device or card reader is there",
            "plug the board in; in a container or virtual machine pass the device through; lsusb",
        )


CHECKS: tuple[Check, ...] = (
    permission,
    busy,
    locked,
    missing_module,
    smart_cards,
    autosuspend,
    latency,
    grabbers,
    wires,
    absent,
)


def _nodes(devices: tuple[Listed, ...]) -> Iterator[Listed]:
    """Give what a board would open: ports and buses always, a USB device when a board file means it."""
    for device in devices:
        if has_node(device.found) and (device.found.bus is not Bus.USB or device.claims):
            yield device


def _ending(holder: Holder, found: Found) -> str:
    """Return what ends a program that has a device, for good: some are started again when they are killed."""
    words = holder.program.split()
    name = Path(words[0]).name.rstrip(":") if words else ""
    if name in {"agetty", "getty", "login"}:
        return f"sudo systemctl disable --now serial-getty@{Path(found.path).name}.service   # a login prompt is on it"
    return _ENDS.get(name, f"kill {holder.pid}")


def _access(found: Found, node: Path, user: str) -> str:
    """Return what gives a user a device node: its group where that helps, else what makes a group help."""
    group = _group(node, _GROUPS.get(found.bus, "plugdev"))
    if group != "root" and node.stat().st_mode & _GROUP_MAY == _GROUP_MAY:
        return f"sudo usermod -aG {group} {user}   # then log in again"
    if found.usb_port is not None:
        return (
            "harness discover --udev | sudo tee /etc/udev/rules.d/60-id2-harness.rules; "
            "sudo udevadm control --reload; sudo udevadm trigger; "
            f"sudo usermod -aG plugdev {user}   # then log in again"
        )
    if found.bus is Bus.I2C:  # the package has the rule that gives the buses to its group
        return f"sudo apt install i2c-tools; sudo usermod -aG i2c {user}   # then log in again"
    return (
        f"sudo chgrp dialout {found.path}; sudo chmod g+rw {found.path}; "
        f"sudo usermod -aG dialout {user}   # then log in again"
    )


def _driven_from_user_space(device: Listed) -> bool:
    return any(claim.settings.kind in _USER_SPACE for claim in device.claims)


def _group(node: Path, fallback: str) -> str:
    try:
        return node.group()
    except (OSError, KeyError):
        return fallback
