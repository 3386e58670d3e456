"""A made-up machine for discovery tests: sysfs, procfs and device nodes below a folder."""

import os
from pathlib import Path


class MadeUpMachine:
    """Plugs devices into a tree of files that looks like the kernel's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("sys/class/tty", "sys/bus/usb/devices", "sys/bus/i2c/devices", "dev", "proc", "run"):
            (root / folder).mkdir(parents=True)

    def write(self, path, text=""):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
        return file

    def link(self, path, target):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.path.relpath(target, place.parent))

    def usb(self, location, vid, pid, *, interfaces=(), number=5, autosuspend="on", **attributes):
        """Plug a USB device in; `interfaces` are (class, driver). Returns the folders of the interfaces."""
        folder = self.root / f"sys/devices/pci0/usb1/{location}"
        texts = {"idVendor": f"{vid:04x}", "idProduct": f"{pid:04x}", "busnum": "1", "devnum": str(number)}
        for name, text in (texts | {"bDeviceClass": "00"} | attributes).items():
            self.write(f"{folder.relative_to(self.root)}/{name}", text)
        self.write(f"{folder.relative_to(self.root)}/power/control", autosuspend)
        self.link(f"sys/bus/usb/devices/{location}", folder)
        self.write(f"dev/bus/usb/001/{number:03}")
        made = []
        for index, (kind, driver) in enumerate(interfaces):
            place = folder / f"{location}:1.{index}"
            self.write(f"{place.relative_to(self.root)}/bInterfaceNumber", f"{index:02x}")
            self.write(f"{place.relative_to(self.root)}/bInterfaceClass", kind)
            if driver:
                self.driver(place, driver)
            made.append(place)
        return made

    def driver(self, device, name):
        folder = self.root / "sys/bus/drivers" / name
        folder.mkdir(parents=True, exist_ok=True)
        self.link(f"{device.relative_to(self.root)}/driver", folder)

    def serial(self, name, interface, driver, latency=None):
        """Give a USB interface a serial port."""
        device = interface / name
        tty = device / "tty" / name
        tty.mkdir(parents=True)
        self.driver(device, driver)
        self.link(f"{tty.relative_to(self.root)}/device", device)
        self.link(f"sys/class/tty/{name}", tty)
        self.write(f"dev/{name}")
        if latency is not None:
            self.write(f"sys/bus/usb-serial/devices/{name}/latency_timer", latency)

    def i2c(self, number, name, interface=None, *, node=True):
        device = (interface or self.root / "sys/devices/platform/soc") / f"i2c-{number}"
        self.write(f"{device.relative_to(self.root)}/name", name)
        self.link(f"sys/bus/i2c/devices/i2c-{number}", device)
        if node:
            self.write(f"dev/i2c-{number}")

    def runs(self, pid, name):
        self.write(f"proc/{pid}/comm", name)

    def virtual_terminal(self, name):
        (self.root / "sys/devices/virtual/tty" / name).mkdir(parents=True)
        self.link(f"sys/class/tty/{name}", self.root / "sys/devices/virtual/tty" / name)

    def chipset_port(self, name, kind):
        """A port of the chip set; type 0 has nothing behind it."""
        tty = self.root / f"sys/devices/platform/serial8250/tty/{name}"
        self.write(f"{tty.relative_to(self.root)}/type", kind)
        self.link(f"{tty.relative_to(self.root)}/device", tty.parent.parent)
        self.link(f"sys/class/tty/{name}", tty)
