"""Scenarios of the suites on a chip behind PC/SC and on one behind HID reports, as `harness run` takes them."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness.board.opening.opener import context_of
from harness.board.opening.resolve import Resolver
from harness.board.reading.file import load
from harness.cli.main import invoke
from harness.report import model
from harness.simulator.usb import ccid, hid
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.hid import HidToken
from harness.simulator.usb.vhci import Plug
from harness.transport.recording.recording import read
from tests.lab.guest.outside import left_outside

pytest_plugins = ("tests.lab.guest.pcsc_service",)

SOURCE = Path("boards/virtual-se-i2c.yaml")
CHOSEN = "test_chip_identity or test_known_answers or test_round_trip or test_challenge_codes"
GET_ID = bytes.fromhex("80F8000000")
SYMMETRIC_ENCRYPT = b"\x80\xf6"
WHERE = {
    "pcsc": {"kind": "pcsc", "reader": "(lab-pcsc)"},
    "hid": {"kind": "hid", "usb": {"vid": 0x1209, "pid": 0x2003, "serial_number": "lab-hid"}},
}
READER = replace(ccid.DEFAULT, serial_number="lab-pcsc")
TOKEN = replace(hid.DEFAULT, serial_number="lab-hid")
SCENARIOS = 7
IDENTITIES = {
    "pcsc": "PC/SC reader Nitrokey Nitrokey Pro (lab-pcsc)",
    "hid": "usb 1209:2003, 'simulated HID token', serial number lab-hid, location ",
}


def chip():
    """Return the chip of the demo's board."""
    described = load(SOURCE)
    return described.transports["chip"].chip(context_of(described, "chip", Resolver(described)))


def board_file(folder, kind):
    """Write the demo's board with its chip behind another transport."""
    document = yaml.safe_load(SOURCE.read_text())
    document["name"] = f"lab-{kind}"
    document["transports"] = {"chip": WHERE[kind]}
    document["chip"]["framing"] = "direct"
    document["device"]["key"] = {"published": "aes-128"}
    del document["device"]["pin"]
    path = folder / f"lab-{kind}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory, start_pcscd):
    """Run the chosen scenarios on both boards in one go; return the exit code and the folder of each run."""
    folder = tmp_path_factory.mktemp("boards")
    results = folder / "runs"
    boards = [str(board_file(folder, kind)) for kind in WHERE]
    pcscd = start_pcscd()
    pcscd.settle()
    with (
        pytest.MonkeyPatch.context() as patched,
        Plug(CcidToken(chip(), READER)),
        Plug(HidToken(chip(), TOKEN)),
    ):
        left_outside(patched)
        pcscd.wait_for("lab-pcsc")
        code = invoke(["run", *boards, "-k", CHOSEN, "--runs", str(results), "--unattended"])
    return code, {kind: next(results.glob(f"*Z-lab-{kind}")) for kind in WHERE}


def test_exit_code(runs):
    assert runs[0] == 5, "a selection is incomplete at best"


@pytest.mark.parametrize("kind", WHERE)
def test_every_chosen_scenario_passes_on_the_device_that_is_meant(runs, kind):
    left_out = ("not_run", "not_applicable")
    scenarios = model.load(runs[1][kind]).scenarios
    verdicts = [one.verdict for one in scenarios if one.verdict not in left_out]
    assert verdicts == ["passed"] * SCENARIOS
    assert IDENTITIES[kind] in (runs[1][kind] / "journal.jsonl").read_text(encoding="utf-8")
    assert not (runs[1][kind] / "report.html").exists()


@pytest.mark.parametrize("kind", WHERE)
def test_the_chips_commands_went_through_the_bus(runs, kind):
    with read(runs[1][kind] / "transport" / "chip.rec") as reading:
        sent = [record.data for record in reading if record.direction == ">"]
    assert sent.count(GET_ID) >= 2
    assert sum(each.startswith(SYMMETRIC_ENCRYPT) for each in sent) >= 4
