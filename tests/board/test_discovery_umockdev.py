"""Discovery and identity through the real libraries (list_ports, pyudev, libusb) on devices that umockdev makes up.

The clients are unmodified; umockdev puts sysfs, /dev and the kernel's events under them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEVICES = Path(__file__).with_name("devices")
BENCH = DEVICES / "bench.umockdev"

pytestmark = pytest.mark.skipif(
    shutil.which("umockdev-run") is None, reason="umockdev is not installed: apt install umockdev"
)

LIBRARIES = """
import json, libusb_package, pyudev, usb.backend.libusb1, usb.core
from harness.board.discovery.find import discover
from harness.transport.i2c.adapters import i2c_adapters
from harness.transport.reconnecting import sits_on
from harness.transport.usb.port import usb_ports
from harness.transport.serial.find import serial_ports
backend = usb.backend.libusb1.get_backend(find_library=libusb_package.find_library)
devices = usb.core.find(find_all=True, backend=backend)
print(json.dumps({
    "list_ports": [(port.device, port.vid, port.pid, port.serial_number, port.location) for port in serial_ports()],
    "adapters": [(each.device, each.vid, each.serial_number, each.location) for each in i2c_adapters()],
    "libusb": sorted((f"{d.bus}-{'.'.join(map(str, d.port_numbers))}", d.idVendor, d.idProduct) for d in devices),
    "pyudev": sorted(d.device_node for d in pyudev.Context().list_devices() if d.device_node),
    "usb_ports": [(usb_port.location, usb_port.vid, usb_port.pid, usb_port.serial_number, usb_port.number) for usb_port in usb_ports()],
    "discover": [(f.bus, f.path, f.location, f.serial_number, f.interface) for f in discover(readers=list)],
}))
"""

LISTEN = """
import time
from harness.transport.reconnecting import KernelEvents
events = KernelEvents()
print("listening", flush=True)
started = time.monotonic()
events.wait(120)
events.close()
print("heard" if time.monotonic() - started < 100 else "nothing")
"""


def run(*command, description=BENCH, environment=None):
    """Run a command that sees the described devices."""
    return subprocess.run(
        ["umockdev-run", "-d", description, "--", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def seen():
    done = run(sys.executable, "-c", LIBRARIES)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_libraries_see_one_identity(seen):
    assert seen["list_ports"] == [["/dev/ttyUSB0", 0x0403, 0x6001, "A10K3X9T", "1-1"]]
    assert seen["adapters"] == [["/dev/i2c-7", 0x0403, "T1", "1-2"]]
    assert seen["libusb"] == [["1-1", 0x0403, 0x6001], ["1-2", 0x0403, 0xC631]]
    assert seen["usb_ports"] == [["1-1", 0x0403, 0x6001, "A10K3X9T", 5], ["1-2", 0x0403, 0xC631, "T1", 6]]
    assert set(seen["pyudev"]) == {
        f"/dev/{name}" for name in ("ttyUSB0", "i2c-7", "bus/usb/001/005", "bus/usb/001/006")
    }


def test_discovery_agrees(seen):
    assert seen["discover"] == [
        ["serial", "/dev/ttyUSB0", "1-1", "A10K3X9T", 0],
        ["i2c", "/dev/i2c-7", "1-2", "T1", 0],
        ["usb", "/dev/bus/usb/001/005", "1-1", "A10K3X9T", None],
        ["usb", "/dev/bus/usb/001/006", "1-2", "T1", None],
    ]


def test_the_discover_command(tmp_path):
    done = run(
        sys.executable,
        "-m",
        "harness.cli.main",
        "discover",
        "--boards=boards",
        environment={"HARNESS_LOCKS": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "serial  /dev/ttyUSB0" in done.stdout
    assert "claimed by example-se-serial:chip" in done.stdout


def test_the_doctor_command(tmp_path):
    done = run(
        sys.executable,
        "-m",
        "harness.cli.main",
        "doctor",
        f"--boards={tmp_path}",
        environment={"HARNESS_LOCKS": str(tmp_path)},
    )
    assert "/dev/ttyUSB0: its latency timer is 16 ms" in done.stdout
    assert "fix: echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB0/latency_timer" in done.stdout
    assert "(usb 0403:6001" in done.stdout
    assert "USB autosuspend is on" in done.stdout
    assert "i2c-tiny-usb would" not in done.stdout


# udevadm makes its links by calls that umockdev does not see, so /dev is another one, as is /run.
IN_A_ROOM_OF_ITS_OWN = """
mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && cp "$1" /run/udev/rules.d/60-id2-harness.rules &&
mkdir "$3" && mount -t tmpfs none "$3" && cp -a /dev/null /dev/random /dev/urandom /dev/ptmx "$3" &&
mkdir "$3/pts" && mount --bind /dev/pts "$3/pts" && mount --move "$3" /dev &&
umockdev-run -d "$2" -- udevadm test -a add /sys/class/tty/ttyUSB0
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("udevadm") or not shutil.which("unshare"),
    reason="needs root, udevadm and unshare",
)
def test_udev_itself_carries_out_the_rules(tmp_path):
    printed = run(sys.executable, "-m", "harness.cli.main", "discover", "--udev", "--group=dialout")
    assert printed.returncode == 0, printed.stderr
    rules, description = tmp_path / "rules", tmp_path / "bench.umockdev"
    rules.write_text(printed.stdout)
    node = "E: DEVNAME=/dev/ttyUSB0\n"
    description.write_text(BENCH.read_text().replace(node, f"{node}E: MAJOR=188\nE: MINOR=0\n"))
    room = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        IN_A_ROOM_OF_ITS_OWN,
        "sh",
        rules,
        description,
        tmp_path / "dev",
    ]
    done = subprocess.run(room, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip("no mount namespace here")
    said = done.stdout + done.stderr
    assert "LINK 'id2/A10K3X9T-if00'" in said
    assert "MODE 0660" in said
    assert "ID_MM_PORT_IGNORE=1" in said


def test_two_identical_adapters_are_told_apart(tmp_path):
    text = (
        BENCH.read_text()
        .split("P: /devices/pci0000:00/0000:00:1d.0/usb1/1-2\n")[0]
        .replace("A: serial=A10K3X9T\\n\n", "")
    )
    second = (
        text.replace("1-1", "1-3")
        .replace("ttyUSB0", "ttyUSB1")
        .replace("001/005", "001/007")
        .replace("=5\\n", "=7\\n")
    )
    second = second.replace("DEVNUM=005", "DEVNUM=007").replace("MINOR=4", "MINOR=6")
    description = tmp_path / "two.umockdev"
    description.write_text(text + second)
    choose = "from harness.transport.serial.find import find_port\nimport sys\n"
    both = run(sys.executable, "-c", choose + "find_port(0x0403, 0x6001)", description=description)
    assert "2 serial ports have vid 0403, pid 6001: /dev/ttyUSB0" in both.stderr
    one = run(
        sys.executable, "-c", choose + "print(find_port(0x0403, location='1-3'))", description=description
    )
    assert one.stdout == "/dev/ttyUSB1\n", one.stderr


def test_the_kernels_events_are_heard():
    wrapper, python = shutil.which("umockdev-wrapper"), Path("/usr/bin/python3")
    if (
        wrapper is None
        or subprocess.run(
            [python, "-c", "import gi; gi.require_version('UMockdev', '1.0')"],
            capture_output=True,
            check=False,
        ).returncode
    ):
        pytest.skip("no Python binding of umockdev: apt install gir1.2-umockdev-1.0 python3-gi")
    done = subprocess.run(
        [wrapper, python, DEVICES / "replug.py", BENCH, sys.executable, "-c", LISTEN],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.stdout == "heard\n", done.stderr
