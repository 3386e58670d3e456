"""The PC/SC service of the guest: pcscd with Debian's own CCID driver, run by the checks themselves.

Nothing of the system is changed: the folder of readers with a fixed address is an empty one, and pyscard is
Debian's, made importable by a link. Whatever is missing is a failure.
"""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.simulator.usb.ccid import DEFAULT, CcidToken
from harness.transport.pcsc.calls import SCOPE_SYSTEM, check, list_readers, pyscard

PCSCD = Path("/usr/sbin/pcscd")
DEBIANS = Path("/usr/lib/python3/dist-packages/smartcard")
PLACE = Path("/run/pcscd")
LOG = Path("/mnt/pcscd.log")  # in the folder of results
PATIENCE = 60.0
ENDING = 5.0
SEEN = 0x20  # SCARD_STATE_PRESENT


class PcscService:
    """pcscd in the foreground, as a process of the test."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def start(self):
        """Start it and wait until it answers."""
        PLACE.mkdir(exist_ok=True)
        (self.folder / "none").mkdir(exist_ok=True)
        with LOG.open("ab") as log:
            self.process = subprocess.Popen(
                [PCSCD, "--foreground", "--info", "--config", self.folder / "none"],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._until(lambda: self.cards() is not None, "answers")

    def stop(self):
        """End it, as `systemctl stop` does; may be called more than once.

        libccid can lock itself up when a reader leaves while it is looked at: then it is killed.
        """
        self.process.terminate()
        try:
            self.process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)
        for left in PLACE.iterdir():
            left.unlink()

    @staticmethod
    def settle():
        """Wait until udev has told everything; a late farewell would take the next device on that port from pcscd."""
        subprocess.run(["udevadm", "settle"], check=True)

    def cards(self):
        """Return the names of the readers that it has, and whether it has seen a card in each."""
        calls = pyscard()
        code, context = calls.SCardEstablishContext(SCOPE_SYSTEM)
        check(code, "pcscd", "asking the PC/SC service")
        try:
            names = list_readers(calls, context)[1]
            found = calls.SCardGetStatusChange(context, 0, [(name, 0) for name in names])[1] if names else []
            return {name: bool(state & SEEN and atr) for name, state, atr in found}
        finally:
            calls.SCardReleaseContext(context)

    def wait_for(self, serial_number, *, there=True):
        """Wait until it has taken the reader and seen its card, or let the reader go."""
        mine = f"({serial_number})"
        if there:
            self._until(
                lambda: any(seen and mine in name for name, seen in self.cards().items()), f"takes {mine}"
            )
        else:
            self._until(lambda: not any(mine in name for name in self.cards()), f"lets go of {mine}")

    def log(self):
        """Return what it printed."""
        return LOG.read_text(errors="replace")

    def _until(self, holds, what):
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, f"pcscd ended:\n{self.log()}"
            try:
                if holds():
                    return
            except HarnessError as error:
                last = error.message
            else:
                last = "not yet"
            assert time.monotonic() < deadline, f"pcscd never {what} ({last}):\n{self.log()}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def start_pcscd(tmp_path_factory):
    """Return a function that starts a service; each is stopped at the end at the latest."""
    for needed in (PCSCD, DEBIANS):
        if not needed.exists():
            pytest.fail(f"{needed} is missing: tools/lab/install.sh")
    folder = tmp_path_factory.mktemp("pcscd")
    (folder / "smartcard").symlink_to(DEBIANS)
    sys.path.append(str(folder))
    started = []

    def start():
        started.append(PcscService(folder))
        started[-1].start()
        return started[-1]

    yield start
    for service in started:
        service.stop()
    sys.path.remove(str(folder))


@pytest.fixture
def pcscd(start_pcscd):
    """A service of the check's own."""
    service = start_pcscd()
    yield service
    service.stop()


@pytest.fixture
def plug_reader(pcscd, insert):
    """Plug readers in, and wait until pcscd has seen their cards."""

    def plug(chip, serial_number):
        pcscd.settle()
        inserted = insert(CcidToken(chip, replace(DEFAULT, serial_number=serial_number)))
        pcscd.wait_for(serial_number)
        return inserted

    yield plug
    pcscd.stop()  # before the readers leave
