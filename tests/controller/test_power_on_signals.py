"""A run that is ended while its board is without power: the power comes back, whatever ended it."""

import signal
import subprocess
import sys
import time

import pytest
import yaml

from tests.controller.conftest import sh
from tests.pages import ROOT

pytestmark = pytest.mark.slow

PLAN = {"pattern": "own-platform", "carrier": "km", "platform": "third-party-os", "key_type": "aes-128"}
DEVICE = {"id": "2122232425262728292A2B2C", "key": {"published": "aes-128"}}
RUN = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from harness.cli.main import main; sys.exit(main())"
)
"""A process that was started in the background would ignore Ctrl-C."""


def board(folder, transports, **relay):
    """Write a board file whose only way to start the board is to take its power away, for a minute."""
    maker = {
        "kind": "command",
        "acts_on": str(folder),
        "build": sh("echo made > out.bin"),
        "artefact": "out.bin",
        "flash": sh("true {firmware}"),
    }
    power = {"kind": "command", "acts_on": "relay", "off_s": 60, **relay}
    document = {
        "version": 1,
        "name": "lamp",
        "plan": PLAN,
        "transports": transports,
        "console": {"transport": "console", "program": "id2_app", "boot_timeout_s": 2},
        "controllers": {"maker": maker, "relay": power},
        "device": DEVICE,
        "service": {"endpoint": "mock", "product": {"name": "lamp_product"}},
    }
    path = folder / "lamp.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_power_comes_back_when_a_run_is_ended(tmp_path, lamp, number):
    power = tmp_path / "power"
    path = board(tmp_path, lamp(), power_off=sh("echo 0 > power"), power_on=sh("echo 1 > power"))
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "verify", str(path), f"--runs={tmp_path / 'runs'}"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        while power.read_text().strip() != "0":
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < until, "the power was never taken away"
            time.sleep(0.02)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert power.read_text().strip() == "1"
    assert "Traceback" not in said
    assert process.returncode == 128 + number, said
    assert "interrupted; what happened until then is in the run folder" in said
