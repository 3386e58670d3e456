"""Runs under umockdev-wrapper with the system's Python: plugs a device in again while a client listens."""

import subprocess
import sys

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402 - the version must be chosen first

description, *client = sys.argv[1:]
testbed = UMockdev.Testbed.new()
testbed.add_from_file(description)
with subprocess.Popen(client, stdout=subprocess.PIPE, text=True) as process:
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    testbed.uevent("/sys/devices/pci0000:00/0000:00:1d.0/usb1/1-1", "add")
    sys.stdout.write(process.stdout.read())
sys.exit(process.returncode)
