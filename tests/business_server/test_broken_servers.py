"""Every broken business server is caught by the requirement that it breaks; the good one keeps them all.

Run by `make service-test`, which prints which requirement caught which server (with `pytest -s`).
"""

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-business-server.yaml"
BROKEN = Path(__file__).with_name("broken_server.py")

# Each broken server, the requirement that must name its mistake, and a few words of what it must say of it.
# What else falls with a mistake is not fixed.
CAUGHT_BY = {
    "challenge-reused": ("SRV-11", "that was used (35)"),
    "challenge-made-up": ("SRV-11", "not fetched by GetServerRandom"),
    "challenge-from-a-stock": ("SRV-11", "not fetched by GetServerRandom"),
    "old-code-verified": ("SRV-12", "another challenge than was sent to the device"),
    "timestamp-in-seconds": ("SRV-13", "milliseconds have 13"),
    "other-product": ("SRV-14", "another ProductKey"),
    "other-device-named": ("SRV-15", "another Id2"),
    "extra-dropped": ("SRV-16", "does not pass on"),
    "extra-changed": ("SRV-16", "another extra than the device signs"),
    "extra-forgotten": ("SRV-16", "the device was given none to sign"),
    "result-ignored": ("SRV-17", "accepted although its signature is wrong"),
    "recorded-code-taken": ("SRV-18", "a recorded code was accepted"),
    "device-says-who-it-is": ("SRV-19", "another device was accepted as"),
    "busy-not-retried": ("SRV-20", "although the service was busy just once"),
    "busy-retried-without-end": ("SRV-21", "did not decide"),
    "busy-retried-without-pause": ("SRV-21", "ms after a busy answer"),
    "quota-retried": ("SRV-22", "asked 5 times although 16 is final"),
    "lost-is-yes": ("SRV-23", "accepted although no answer"),
    "server-code-kept": ("SRV-24", "not passed on to the device"),
    "server-refused-goes-on": ("SRV-25", "although it refused the server's code"),
    "session-key-constant": ("SRV-26", "is used again"),
    "session-key-counted": ("SRV-26", "counted, not drawn at random"),
    "session-key-in-url": ("SRV-27", "session key in its URL"),
    "session-key-in-query-of-post": ("SRV-27", "session key in its URL"),
    "session-key-in-device-url": ("SRV-27", "the URL of /id has the session key"),
    "access-key-to-device": ("SRV-27", "sends the AccessKey secret to the device"),
    "old-api-version": ("SRV-28", "ApiVersion '1.0.0'"),
}

# Mistakes that do nothing else wrong: no other requirement may fail with them.
ALONE = {
    "challenge-from-a-stock",
    "device-says-who-it-is",
    "busy-not-retried",
    "busy-retried-without-end",
    "busy-retried-without-pause",
    "quota-retried",
    "session-key-constant",
    "session-key-counted",
    "session-key-in-url",
    "session-key-in-query-of-post",
    "session-key-in-device-url",
    "access-key-to-device",
}

SECRETS = {
    "OURS_ID": "LTAIourserver",
    "OURS_SECRET": "ours-access-key-secret",
    "OURS_PRODUCT": "i11" + "Zq7" * 10,
}


def board_for(variant: str | None, folder: Path, flow: str = "mutual") -> Path:
    board = yaml.safe_load(BOARD.read_text())
    board["name"] = f"business-{variant or flow}"
    start = board["server"]["start"]
    good = str((BOARD.parent / start["command"][1]).resolve())
    program = [str(BROKEN), variant] if variant else [good]
    start["command"] = ["{python}", *program, "--port", "0", "--flow", flow]
    if flow == "timestamp":
        board["server"]["uses"] = ["timestamp", "extra"]
    board["server"]["trigger"]["timeout_s"] = 3
    path = folder / f"{board['name']}.yaml"
    path.write_text(yaml.safe_dump(board))
    return path


def with_own_secrets(board: Path, **server: object) -> Path:
    """Give the server an AccessKey and a ProductSecret that the test knows."""
    content = yaml.safe_load(board.read_text())
    content["server"] |= {
        "access_key": {"id": {"env": "OURS_ID"}, "secret": {"env": "OURS_SECRET"}},
        **server,
    }
    content["service"]["product"] |= {"product_key": "a1OURprodct", "product_secret": {"env": "OURS_PRODUCT"}}
    board.write_text(yaml.safe_dump(content))
    return board


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(board: Path, runs: Path) -> tuple[int, dict, bytes]:
    command = [sys.executable, "-m", "harness.cli.main", "run", str(board), "-k", "test_business_server"]
    done = subprocess.run(
        [*command, f"--runs={runs / board.stem}"],
        cwd=ROOT,
        env={**os.environ, **SECRETS, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "must-not-reach-a-server"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    folder = runs / board.stem / "latest"
    assert (folder / "report.json").exists(), f"no report:\n{done.stdout}\n{done.stderr}"
    everything = b"".join(path.read_bytes() for path in folder.resolve().rglob("*") if path.is_file())
    return done.returncode, json.loads((folder / "report.json").read_text()), everything


def said_of(report: dict, requirement: str) -> str:
    steps = [
        step for one in report["scenarios"] for step in one["steps"] if step["requirement"] == requirement
    ]
    return "; ".join(step["error"]["message"] for step in steps if step["verdict"] == "failed")


def failed_requirements(report: dict) -> set[str]:
    return {one["id"] for one in report["requirements"] if one["state"] == "failed"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("servers")
    flows = {"timestamp-in-seconds": "timestamp"}
    with ThreadPoolExecutor(2) as pool:
        futures = {
            variant: pool.submit(
                run, board_for(variant, folder, flows.get(variant, "mutual")), folder / "runs"
            )
            for variant in CAUGHT_BY
        }
        reports = {variant: future.result()[1] for variant, future in futures.items()}
    lines = [f"\n{'broken server':30} {'caught by':10} also failed"]
    for variant, report in reports.items():
        failed = failed_requirements(report)
        wanted, _ = CAUGHT_BY[variant]
        also = ", ".join(sorted(failed - {wanted})) or "-"
        lines.append(f"{variant:30} {wanted if wanted in failed else 'MISSED':10} {also}")
    sys.stdout.write("\n".join(lines) + "\n")
    return reports


@pytest.mark.service
@pytest.mark.parametrize("variant", CAUGHT_BY)
def test_broken_server_is_caught_by_name(variant, results):
    report = results[variant]
    requirement, words = CAUGHT_BY[variant]
    failed = failed_requirements(report)
    assert report["verdict"] == "failed"
    assert requirement in failed
    assert words in said_of(report, requirement)
    if variant in ALONE:
        assert failed == {requirement}


@pytest.mark.parametrize("flow", ["mutual", pytest.param("timestamp", marks=pytest.mark.service)])
def test_good_server_keeps_everything(flow, tmp_path):
    board = with_own_secrets(board_for(None, tmp_path, flow))
    code, report, everything = run(board, tmp_path / "runs")
    assert (code, report["verdict"]) == (5, "incomplete"), "a selection is incomplete at best"
    assert not [finding for one in report["scenarios"] for finding in one["findings"]]
    states = {one["id"]: one["state"] for one in report["requirements"]}
    named = {requirement for requirement, _ in CAUGHT_BY.values()}
    judged = {name for name in named if states[name] == "passed"}
    expected = {"SRV-13", "SRV-16"} if flow == "timestamp" else named - {"SRV-13"}
    assert expected <= judged
    assert b"the server accepted the device" in everything
    for secret in ("must-not-reach-a-server", SECRETS["OURS_SECRET"], SECRETS["OURS_PRODUCT"]):
        assert secret.encode() not in everything


@pytest.mark.service
def test_server_that_runs_already_and_a_command_as_trigger(tmp_path):
    port, mock_port = free_port(), free_port()
    login = (
        "import json,sys,urllib.request as u;"
        "body=json.dumps({'device': sys.argv[1], 'link': sys.argv[2]}).encode();"
        f"print(u.urlopen(u.Request('http://127.0.0.1:{port}/login', body)).status)"
    )
    board = with_own_secrets(board_for(None, tmp_path), port=mock_port)
    content = yaml.safe_load(board.read_text())
    del content["server"]["start"]
    content["server"]["trigger"] = {
        "command": ["{python}", "-c", login, "{id2}", "{device_url}"],
        "accepted": "200",
    }
    board.write_text(yaml.safe_dump(content))
    environment = {
        "ID2_ENDPOINT": f"http://127.0.0.1:{mock_port}",
        "ID2_ACCESS_KEY_ID": SECRETS["OURS_ID"],
        "ID2_ACCESS_KEY_SECRET": SECRETS["OURS_SECRET"],
        "ID2_PRODUCT_KEY": "a1OURprodct",
    }
    example = ROOT / "examples" / "business_server" / "server.py"
    server = subprocess.Popen(
        [sys.executable, str(example), "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout.readline() == f"listening on http://127.0.0.1:{port}\n"
        code, report, _ = run(board, tmp_path / "runs")
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert (code, report["verdict"], server.returncode) == (5, "incomplete", 0)


@pytest.mark.service
def test_server_that_does_not_start_fails_and_the_board_is_not_set_aside(tmp_path):
    board = board_for(None, tmp_path)
    content = yaml.safe_load(board.read_text())
    content["server"]["start"]["command"] = ["{python}", "-c", "print('no such table'); raise SystemExit(1)"]
    board.write_text(yaml.safe_dump(content))
    code, report, _ = run(board, tmp_path / "runs")
    assert code == 1
    chosen = [one for one in report["scenarios"] if not one["reason"].startswith("left out by -k")]
    assert {one["verdict"] for one in chosen} == {"failed", "not_applicable"}
    error = next(step["error"] for one in report["scenarios"] for step in one["steps"] if step["error"])
    assert error["who_acts"] == "the maker of the server"
    assert error["traffic"] == ["no such table"]


@pytest.mark.service
def test_a_taken_port_is_a_mistake_that_ends_the_run(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, report, _ = run(with_own_secrets(board_for(None, tmp_path), port=port), tmp_path / "runs")
    assert code == 2
    assert {one["verdict"] for one in report["scenarios"]} <= {"error", "not_run", "not_applicable"}
    (mistake,) = (one for one in report["scenarios"] if one["verdict"] == "error")
    assert "it is taken" in mistake["reason"]


def test_every_variant_is_listed():
    listed = subprocess.run(
        [sys.executable, str(BROKEN)], capture_output=True, text=True, timeout=60, check=False
    ).stderr
    assert sorted(CAUGHT_BY) == json.loads(listed.partition("variants: ")[2])
