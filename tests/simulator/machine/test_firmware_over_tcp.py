"""Our firmware served over TCP by one command, and judged by another that knows nothing of how it is made."""

import json
import re
import signal
import subprocess
import sys

import pytest
import yaml

from tests.pages import ROOT

HARNESS = [sys.executable, "-m", "harness.cli.main"]
ID = "2122232425262728292A2B2C"
PLAN = {"pattern": "iot-platform", "carrier": "tee", "platform": "link-tee", "key_type": "aes-128"}


def written(folder, name, **sections):
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "name": name, "plan": PLAN, **sections}))
    return path


@pytest.fixture
def address(tmp_path):
    """Return where a board on embedded Linux with a login is served, with the key in its trusted application."""
    firmware = {
        "kind": "firmware",
        "machine": "linux",
        "carrier": "tee",
        "dialect": "linux",
        "boot_ms": 500,
        "chatter_ms": 200,
        "probe": False,
        "device": {"key_type": "aes-128", "id": ID, "key": {"published": "aes-128"}},
    }
    path = written(
        tmp_path,
        "served",
        transports={"console": firmware},
        console={"transport": "console", "program": "id2_app", "dialect": "linux", "command": "id2_app"},
    )
    serving = subprocess.Popen(
        [*HARNESS, "simulate", "firmware", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        said = serving.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", said)
        assert found, said
        yield "127.0.0.1", int(found[1])
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=60)


@pytest.mark.slow
def test_a_board_over_tcp_is_logged_into_and_judged(address, tmp_path):
    host, port = address
    path = written(
        tmp_path,
        "reached",
        transports={"console": {"kind": "socket", "host": host, "port": port}},
        console={
            "transport": "console",
            "program": "id2_app",
            "dialect": "linux",
            "command": "id2_app",
            "login": {"user": "root"},
            "boot_timeout_s": 20,
        },
        device={"id": ID, "key": {"published": "aes-128"}},
    )
    runs = tmp_path / "runs"
    done = subprocess.run(
        [
            *HARNESS,
            "run",
            str(path),
            f"--runs={runs}",
            "-k",
            "test_console or test_key_never_shown",
            "--without-pdf",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (runs / "latest" / "report.json").is_file(), done.stderr
    report = json.loads((runs / "latest" / "report.json").read_text())
    verdicts = {step["requirement"]: step["verdict"] for one in report["scenarios"] for step in one["steps"]}
    judged = {"LOG-01", "LOG-02", "LOG-03", "LOG-05", "LOG-07", "LOG-08", "LOG-09", "LOG-10", "LEAK-01"}
    assert {name: verdicts.get(name) for name in judged} == dict.fromkeys(judged, "passed")
