"""id2_app with a fault, and benches that do not do what they say: the verification with rebuild notices each.

Run by `make mutants`. Firmwares are built by `make image`, and flashed into the file that the board starts from.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.simulator.machine.sources import faults
from tests.pages import ROOT

pytestmark = pytest.mark.mutants

FIRMWARE = ROOT / "firmware"
CAUGHT_BY = {
    "verify-passes-always": ("VER-12", "failed"),
    "verify-shows-own-id": ("VER-12", "failed"),
    "verify-ignores-ciphertext": ("VER-09", "blocked"),
    "verify-refuses-ciphertext": ("VER-09", "failed"),
    "verify-old-challenge": ("VER-11", "blocked"),
    "verify-report-torn": ("VER-08", "blocked"),
    "verify-prints-product-secret": ("VER-14", "failed"),
    "verify-takes-any-server-code": ("VER-13", "failed"),
    "verify-refuses-server-code": ("VER-10", "failed"),
    "report-of-another": ("VER-07", "failed"),
    "key-printed": ("VER-14", "failed"),
}
"""Each fault of id2_app: the requirement that notices it, and what becomes of that."""


def board(folder, *, fault="NONE", probe=False, **maker):
    """Write a board file of our firmware on Linux, built with a fault and flashed by `make`."""
    images = folder.parent / f"images-{fault}-{probe:d}"  # of all tests: only id2_app is compiled anew
    make = ["make", "--no-print-directory", "-C", str(FIRMWARE)]
    options = [
        "MACHINE=linux",
        "CARRIER=demo",
        f"IMAGE_DIR={images}",
        f"FAULT={fault}",
        f"LINK_PROBE={int(probe)}",
    ]
    document = {
        "version": 1,
        "name": "rebuilt",
        "plan": {
            "pattern": "own-platform",
            "carrier": "demo",
            "platform": "third-party-os",
            "key_type": "aes-128",
        },
        "transports": {
            "console": {
                "kind": "firmware",
                "machine": "linux",
                "carrier": "demo",
                "probe": probe,
                "image": "flash.elf",
                "device": {"key_type": "aes-128", "key": {"published": "aes-128"}},
                "actions": {"reset": [{"rts": True}, {"rts": False}]},
            }
        },
        "console": {"transport": "console", "program": "id2_app"},
        "controllers": {
            "board": {"kind": "serial-lines", "reset": "reset"},
            "maker": {
                "kind": "command",
                "acts_on": str(folder),
                "build": [*make, "-s", "image", *options],
                "artefact": str(images / "firmware.elf"),
                "flash": [
                    *make,
                    "flash",
                    "MACHINE=linux",
                    "IMAGE={firmware}",
                    f"FLASH={folder / 'flash.elf'}",
                ],
                **maker,
            },
        },
        "device": {"key": {"simulated": "console"}},
        "service": {"endpoint": "mock", "product": {"name": "rebuilt", "licences": 10}},
    }
    path = folder / "rebuilt.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def verify(path, *more, code):
    """Verify a board, and return the run folder and its report."""
    runs = path.parent / "runs"
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "verify",
        "--without-pdf",
        str(path),
        f"--runs={runs}",
        *more,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return (runs / "latest").resolve(), json.loads((runs / "latest" / "report.json").read_text())


def steps(report):
    """Give each step that was judged: its requirement, what became of it, and its message."""
    for one in report["scenarios"]:
        for step in one["steps"]:
            yield step["requirement"], step["verdict"], json.dumps(step)


def decided(report, verdict):
    return {requirement for requirement, found, _ in steps(report) if found == verdict}


def test_a_sound_firmware_passes_with_one_chain_of_evidence(tmp_path):
    folder, report = verify(board(tmp_path), code=0)
    assert report["verdict"] == "passed"
    assert {f"VER-{number:02d}" for number in range(7, 15)} <= decided(report, "passed")
    chain = json.loads(max((folder / "evidence").glob("*chain.json")).read_text())["steps"]
    kept = {file.name.partition("-")[2].partition("-")[2] for file in (folder / "evidence").iterdir()}
    assert {"validation-report.json", "ciphertext.hex", "server-code.txt", "service-decryption.json"} <= kept
    came = {digest for step in chain for digest in step["output"].values()}
    built = [step for step in chain if step["what"].startswith("build")]
    assert len({step["output"]["firmware"] for step in built}) == len(built) == 4
    taken = next(step for step in chain if step["what"].startswith("have the service verify the report"))
    assert taken["output"]["ID2_CIPHER_DATA"] == built[1]["input"]["ID2_CIPHER_DATA"]
    assert {digest for step in chain if "flash" in step["what"] for digest in step["input"].values()} <= came
    assert "is flashed again" in (folder / "journal.jsonl").read_text()
    # The first firmware is the one that the board starts from afterwards.
    assert (tmp_path / "flash.elf").read_bytes()
    assert b"ID2_CIPHER" not in (tmp_path / "flash.elf").read_bytes()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_firmware_with_a_fault_is_noticed(tmp_path, fault):
    requirement, verdict = CAUGHT_BY[fault]
    path = board(tmp_path, fault=fault.upper().replace("-", "_"))
    _, report = verify(path, code=1 if verdict == "failed" else 3)
    sys.stdout.write(f"{fault:32s} {verdict:8s} {', '.join(sorted(decided(report, verdict)))}\n")
    assert requirement in decided(report, verdict)
    if verdict == "blocked":
        assert not decided(report, "failed")


def test_each_fault_of_the_verification_has_its_requirement():
    of_exploring = {"verify-remembered"}  # it depends on the calls before: test_explore.py
    assert {name for name in faults() if name.startswith("verify-")} - of_exploring <= set(CAUGHT_BY)


HOOKS = {
    "the build ignores its values": (
        {
            "build": [
                "sh",
                "-c",
                "env -i PATH=$PATH make -s -C {firmware} image MACHINE=linux LINK_PROBE=0 IMAGE_DIR={images}",
            ]
        },
        "prints no decryption",
    ),
    "the build makes nothing new": (
        {
            "build": [
                "sh",
                "-c",
                "test -e {images}/firmware.elf || make -s -C {firmware} image MACHINE=linux IMAGE_DIR={images}",
            ]
        },
        "the build made nothing new",
    ),
    "the flash tool writes nothing": (
        {"flash": ["true", "{{firmware}}"]},
        "the firmware before the flash still speaks",
    ),
    "the flash tool is missing": ({"flash": ["no-such-flash-tool", "{{firmware}}"]}, "cannot be started"),
    "the flash tool fails": (
        {"flash": ["sh", "-c", "echo no probe found; exit 1", "{{firmware}}"]},
        "no probe found",
    ),
    "the build fails": ({"build": ["sh", "-c", "echo main.c:7: error; exit 2"]}, "main.c:7: error"),
    "a firmware that does not start": (
        {"flash": ["sh", "-c", "cp /bin/true {flash}.new && mv {flash}.new {flash}", "{{firmware}}"]},
        "ended (exit code 0), with the firmware without a ciphertext",
    ),
    "an image for another board": (
        {
            "flash": [
                "make",
                "-C",
                "{firmware}",
                "flash",
                "MACHINE=cortex-m3",
                "IMAGE={{firmware}}",
                "FLASH={flash}",
            ]
        },
        "is an image for another machine",
    ),
}
"""What a bench does wrong, and what the report says of it."""


@pytest.mark.parametrize("name", HOOKS)
def test_a_bench_that_is_to_blame_blocks(tmp_path, name):
    changed, said = HOOKS[name]
    places = {"firmware": FIRMWARE, "images": tmp_path / "images", "flash": tmp_path / "flash.elf"}
    maker = {key: [word.format(**places) for word in words] for key, words in changed.items()}
    if "build" in maker:
        maker["artefact"] = str(places["images"] / "firmware.elf")
    folder, report = verify(board(tmp_path, **maker), code=3)
    assert not decided(report, "failed")
    assert any(said in text for _, verdict, text in steps(report) if verdict == "blocked"), list(
        steps(report)
    )
    blocked = [one["id"] for one in report["scenarios"] if one["verdict"] == "blocked"]
    assert len(blocked) == 1, "what follows is not run, and the board not set aside for it"
    assert "SHA-256" in Path(folder / "journal.jsonl").read_text() or "build" in name


SPARED = ("ID2_AUTH_CODE", "ID2_CHALLENGE", "ID2_TIMESTAMP")


def of_ciphertext_alone(folder):
    """Give a board whose build uses no variable but that of the ciphertext, and what says so in its board file."""
    without = " ".join(f"-u {name}" for name in SPARED)
    make = f"make -s -C {FIRMWARE} image MACHINE=linux LINK_PROBE=0 IMAGE_DIR={folder / 'images'}"
    maker = {
        "build": ["sh", "-c", f"env {without} {make}"],
        "artefact": str(folder / "images" / "firmware.elf"),
    }
    path = board(folder, **maker)
    document = yaml.safe_load(path.read_text())
    document["declaration"] = {"build_without": list(SPARED)}
    return path, yaml.safe_dump(document)


def test_a_build_that_takes_the_ciphertext_alone_passes_where_the_board_file_says_so(tmp_path):
    """The vendor's guide asks for no more."""
    path, declared = of_ciphertext_alone(tmp_path)
    path.write_text(declared)
    _, report = verify(path, code=0)
    assert {"VER-07", "VER-08", "VER-09", "VER-12", "VER-14"} <= decided(report, "passed")
    assert {"VER-10", "VER-11", "VER-13"} <= decided(report, "not_applicable")
    reasons = [one["reason"] for one in report["scenarios"] if one["verdict"] == "not_applicable"]
    assert {f"declaration.build_without: {name}" for name in SPARED[:2]} <= set(reasons), reasons
    assert not decided(report, "blocked") | decided(report, "failed")


def test_a_build_that_takes_the_ciphertext_alone_blocks_where_nothing_says_so(tmp_path):
    """A misspelt variable looks the same, and what was planned is not verified."""
    path, _ = of_ciphertext_alone(tmp_path)
    _, report = verify(path, code=3)
    assert {"VER-07", "VER-08", "VER-09", "VER-12", "VER-14"} <= decided(report, "passed")
    blocked = {requirement: text for requirement, verdict, text in steps(report) if verdict == "blocked"}
    assert set(blocked) == {"VER-10", "VER-11"}
    assert "does not take ID2_AUTH_CODE" in blocked["VER-10"]
    assert "does not take ID2_CHALLENGE" in blocked["VER-11"]
    assert "VER-13" in decided(report, "not_run")
    assert not decided(report, "failed")


def test_another_board_is_not_flashed(tmp_path):
    path = board(tmp_path)
    document = yaml.safe_load(path.read_text())
    document["device"] = {"id": "00112233445566778899AABB", "key": {"published": "aes-128"}}
    path.write_text(yaml.safe_dump(document))
    _, report = verify(path, code=3)
    assert not decided(report, "failed")
    said = "nothing is flashed into another board"
    assert any(said in text for _, verdict, text in steps(report) if verdict == "blocked")
    assert not (tmp_path / "flash.elf").exists()


@pytest.mark.parametrize("reset", ["lines", "console", "flash alone"])
def test_a_program_that_a_shell_starts_is_verified(tmp_path, reset):
    """AliOS Things, where other tasks log all the time; the board starts anew by a line, by its shell, or by no one."""
    options = ["MACHINE=linux", "LINK_PROBE=0", "DIALECT=alios-3", "CHATTER_MS=400"]
    images = tmp_path.parent / "images-alios-3"
    make = ["make", "-s", "-C", str(FIRMWARE), "image", *options, f"IMAGE_DIR={images}"]
    path = board(tmp_path, build=make, artefact=str(images / "firmware.elf"))
    document = yaml.safe_load(path.read_text())
    document["plan"]["platform"] = "alios-things"
    document["transports"]["console"] |= {"dialect": "alios-3", "chatter_ms": 400}
    document["console"] |= {"dialect": "alios-3", "command": "id2_app"}
    if reset != "lines":
        del document["controllers"]["board"]
    if reset == "console":
        document["controllers"]["shell"] = {"kind": "console"}
    path.write_text(yaml.safe_dump(document))
    _, report = verify(path, code=0)
    assert {f"VER-{number:02d}" for number in range(7, 15)} <= decided(report, "passed")


def test_a_probe_verifies_without_a_rebuild(tmp_path):
    path = board(tmp_path, probe=True)
    document = yaml.safe_load(path.read_text())
    document |= {"probe": {}, "carrier": {"kind": "probe"}}
    del document["controllers"]["maker"]
    path.write_text(yaml.safe_dump(document))
    folder, report = verify(path, code=0)
    assert "VER-15" in decided(report, "passed")
    assert not decided(report, "passed") & {"VER-08", "VER-09"}, "nothing was rebuilt"
    assert sorted((folder / "evidence").glob("*chain.json"))


def test_a_recorded_verification_replays(tmp_path):
    path = board(tmp_path)
    folder, _ = verify(path, code=0)
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        "--without-pdf",
        str(path),
        "--verify",
        f"--replay={folder}",
    ]
    done = subprocess.run(
        [*command, f"--runs={tmp_path / 'replayed'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
