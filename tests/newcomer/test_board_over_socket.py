"""A newcomer's chip behind a socket: simulator and `harness run` share nothing but bytes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ID, KEY = "00FFFFFFDB1D8DC78DDCB802", "9F0C36E1D4B85A2277E3C90641FA8D5B"


def test_same_suites_on_a_chip_behind_a_socket(tmp_path):
    identity = ["--key-type", "aes-128", "--id", ID, "--key", KEY]
    place = ["--command-set", "ica", "--listen", "tcp:127.0.0.1:0"]
    chip = subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", "simulate", "chip", *identity, *place],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        place = chip.stdout.readline().split()[-1]
        host, port = place.removeprefix("tcp:").split(":")
        board = yaml.safe_load((ROOT / "boards" / "virtual-se-i2c.yaml").read_text())
        board["name"] = "chip-over-socket"
        board["transports"] = {"chip": {"kind": "socket", "host": host, "port": int(port)}}
        board["chip"] = {"transport": "chip", "framing": "hex-line", "command_set": "ica"}
        board["device"] = {"serial_number": "SOCKET-1", "id": ID, "key": {"env": "NEWCOMER_KEY"}}
        path = tmp_path / "board.yaml"
        path.write_text(yaml.safe_dump(board))
        done = subprocess.run(
            [sys.executable, "-m", "harness.cli.main", "run", str(path), f"--runs={tmp_path / 'runs'}"],
            cwd=tmp_path,
            env={**os.environ, "NEWCOMER_KEY": KEY},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        chip.send_signal(signal.SIGTERM)
        chip.communicate(timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "runs" / "latest"
    report = json.loads((folder / "report.json").read_text())
    assert report["totals"]["passed"] > 40
    everything = b"".join(path.read_bytes() for path in folder.resolve().rglob("*") if path.is_file())
    assert KEY.encode() not in everything.upper(), "the device key stands in the run folder"
    assert chip.returncode == 0
