"""`harness check-log`: exit codes, what it prints, its JSON document, and long logs in bounded memory."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import invoke
from tests.logcheck.conftest import SAMPLES
from tests.logcheck.log_samples import SE_ID, SE_KEY

ROOT = Path(__file__).parents[2]
MEMORY = 300 << 20  # bytes of address space that the command may take
FILES = {path.stem: str(path) for path in SAMPLES.glob("*.log")}
AES = FILES["id2_app-3.1.0-aes128"]
SE = FILES["id2_app-3.1.0-se-3des168"]
HAL = FILES["hal_app-3.1.0"]
DEMO = FILES["id2_demo-1.0.0-aes"]


@pytest.mark.parametrize(
    "arguments",
    [
        [AES, "--debug-keys"],
        [AES],
        [SE],
        [SE, "--key", SE_KEY, "--id", SE_ID],
        [SE, "--key", SE_KEY, "--key-type", "3des-168"],
        [HAL],
        [DEMO, "--debug-keys"],
        [AES, "--debug-keys", "--strict", "--allow-demo"],
    ],
)
def test_unmodified_captures_end_with_0(arguments, capsys):
    assert invoke(["check-log", *arguments]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("verdict: passed (")
    assert err == ""


def test_failed_log_ends_with_1_and_names_the_item(tmp_path, capsys):
    log = tmp_path / "changed.log"
    log.write_bytes(Path(AES).read_bytes().replace(b"~9wSA", b"~9wSB", 1))
    assert invoke(["check-log", str(log), "--debug-keys"]) == 1
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("failed"))
    assert "auth code: challenge with extra" in row
    assert " 37 " in row
    assert out.splitlines()[-1] == "verdict: failed (29 passed, 1 failed, 0 not run; 3 findings)"


def test_strict_says_that_findings_fail_it(capsys):
    assert invoke(["check-log", SE, "--strict"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("1 finding, which --strict counts as failures)")


def test_findings_are_named_with_section_severity_and_line(capsys):
    invoke(["check-log", SE])
    assert (
        "finding k.6 [info] APDU dumps are switched on in the secure-element template (line 8)"
        in capsys.readouterr().out
    )


def test_every_boot_is_listed_and_items_say_which(tmp_path, capsys):
    log = tmp_path / "two.log"
    log.write_bytes(Path(HAL).read_bytes() * 2)
    assert invoke(["check-log", str(log)]) == 0
    out = capsys.readouterr().out
    assert "boot 1: hal_app (lines 1 to 96)" in out
    assert "boot 2: hal_app (lines 98 to 193)" in out
    assert sum(line.lstrip().startswith("2 ") and "passed" in line for line in out.splitlines()) == 10


def test_log_comes_from_standard_input():
    done = _run(["-", "--debug-keys"], input=Path(AES).read_bytes())
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith(b"verdict: passed")


@pytest.mark.parametrize(
    ("content", "counted"), [(b"", "0 lines, 0 bytes"), (b"U-Boot\nLinux version 6.1\n", "2 lines, 25 bytes")]
)
def test_log_without_anything_known_ends_with_2(tmp_path, capsys, content, counted):
    log = tmp_path / "boot.log"
    log.write_bytes(content)
    assert invoke(["check-log", str(log)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"nothing of the vendor's programs is in it ({counted})" in err
    assert "looked for the console of id2_app" in err
    assert invoke(["check-log", str(log), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["recognised"], document["verdict"], document["exit_code"]) == (False, "not_run", 2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["/no/such/file"], "/no/such/file: No such file or directory"),
        (["/"], "/: Is a directory"),
        ([AES, "--key", "00"], "--key: it has the form of no key type"),
        ([AES, "--key", "env:HARNESS_NO_SUCH_KEY"], "'HARNESS_NO_SUCH_KEY' is not set"),
        ([AES, "--key", "file:/no/such/key"], "/no/such/key"),
        ([AES, "--key", "00", "--key-type", "aes-128"], "must be 32 hex digits; 2 are given"),
        ([AES, "--key", SE_KEY, "--key-type", "aes-129"], "--key-type: key type 'aes-129' is unknown"),
        ([AES, "--key-type", "aes-129"], "--key-type: key type 'aes-129' is unknown"),
        ([AES, "--sdk", "3.1"], "--sdk: '3.1' is no version"),
        ([AES, "--carrier", "sim"], "--carrier: 'sim' is no carrier"),
        ([AES, "--program", "ls"], "--program: 'ls' is no program"),
        ([AES, "--id", "xyz"], "--id: ID 'xyz' has 3 characters"),
    ],
)
def test_wrong_command_line_ends_with_2(arguments, told, capsys):
    assert invoke(["check-log", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_key_comes_from_the_environment_or_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DEVICE_KEY", SE_KEY)
    key = tmp_path / "device.key"
    key.write_text(SE_KEY + "\n")
    key.chmod(0o600)
    for source in ("env:DEVICE_KEY", f"file:{key}"):
        assert invoke(["check-log", SE, "--key", source]) == 0
        assert "the key given (3des-168) is this device's" in capsys.readouterr().out


def test_key_that_does_not_fit_is_said_and_not_printed(capsys):
    wrong = "00112233445566778899AABBCCDDEEFF"
    assert invoke(["check-log", AES, "--key", wrong, "--key-type", "aes-128"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "the key given (aes-128) is not this device's key: its constant last block would be" in out
    assert wrong not in out


def test_json_document(capsys):
    assert invoke(["check-log", SE, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    document = json.loads(out)
    assert (document["format"], document["version"]) == ("id2-log-check", 1)
    assert document["source"] == SE
    assert (document["verdict"], document["exit_code"], document["recognised"]) == ("passed", 0, True)
    assert document["counts"] == {"passed": 31, "failed": 0, "not_run": 1, "blocked": 0}
    assert document["lines"] == 269
    assert document["bytes"] == Path(SE).stat().st_size
    (boot,) = document["boots"]
    assert (boot["id"], boot["carrier"], boot["sdk_version"], boot["key_type"]) == (
        SE_ID,
        "SE",
        "3.1.0",
        "3DES",
    )
    assert len(document["items"]) == 32
    assert {"boot", "name", "topic", "verdict", "lines", "detail"} == set(document["items"][0])
    assert [finding["id"] for finding in document["findings"]] == ["k.6"]
    assert [code["basis"] for code in document["codes"]] == ["apdu dump"] * 6
    assert document["exchanges"][1] == {
        "boot": 1,
        "lines": [25, 31],
        "command": "80F8000000",
        "response": f"81800C{SE_ID}9000",
        "status": "9000",
        "driver_result": 0,
        "damaged": "",
    }


def test_hostile_text_reaches_no_terminal(tmp_path, capsys):
    hostile = b"\xe2\x80\xae\xc2\x9b2J\x1b]0;owned\x07[red]\\x1b" + b"Z" * 5000
    data = Path(AES).read_bytes()
    data = data.replace(b"Test Get Secret Pass", b"Test " + hostile + b" Fail").replace(
        b": ID2: 2122", b": ID2: " + hostile
    )
    log = tmp_path / "hostile.log"
    log.write_bytes(data)
    assert invoke(["check-log", str(log)]) == 1
    out = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in out)
    assert "\u202e" not in out
    assert len(out) < 40_000


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _run(arguments, **options) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "harness.cli.main", "check-log", *arguments]
    return subprocess.run(command, capture_output=True, check=False, cwd=ROOT, **options)


def _flood(megabytes: int) -> subprocess.CompletedProcess[bytes]:
    """Pipe a long console through the command, which may not take more than `MEMORY` of address space."""
    command = [sys.executable, "-m", "tests.logcheck.console_flood", str(megabytes)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        return _run(["-", "--debug-keys", "--json"], stdin=writer.stdout, preexec_fn=_limited)


def _assert_flood_judged(done: subprocess.CompletedProcess[bytes], megabytes: int) -> None:
    assert done.returncode == 0, done.stderr[-2000:]
    document = json.loads(done.stdout)
    assert document["bytes"] >= megabytes * 1_000_000
    assert document["verdict"] == "passed"
    boots = len(document["boots"]) + document["left_out"]["boots"]
    assert boots > megabytes // 2


@pytest.mark.slow
def test_20_megabytes_in_bounded_memory():
    _assert_flood_judged(_flood(20), 20)


@pytest.mark.slow
def test_200_megabytes_in_bounded_memory():
    _assert_flood_judged(_flood(200), 200)
