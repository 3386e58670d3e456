"""VERIFY.txt, run word for word: on a good bundle, an altered one, one with a file too many, and one of a wrong key."""

import shutil
import subprocess

import pytest

from harness.seal.approval import approve
from harness.seal.check import check
from harness.seal.people import Trust
from harness.seal.seal import Sealing, seal
from tests.seal import forge
from tests.seal.conftest import public


def sh(command, **options):
    return subprocess.run(command, check=False, **options)


SHELLS = [
    "sh",
    *(pytest.param(each, marks=pytest.mark.slow) for each in ("dash", "bash") if shutil.which(each)),
]


@pytest.fixture(params=SHELLS)
def guide(request, keys):
    """Return a function that does what VERIFY.txt says, with a few tools and nothing else on the way to them."""

    def follow(folder, signers=None):
        command = [request.param, "VERIFY.txt", signers or keys / "signers"]
        told = sh(
            command, cwd=folder, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
        )
        assert told.stdout.endswith("\nvalid\n") is (told.returncode == 0)
        return told.returncode, told.stdout + told.stderr

    return follow


def test_a_good_bundle(guide, approved):
    code, shown = guide(approved)
    assert code == 0, shown
    assert "ok:  tester: signed by Alice" in shown
    assert "ok:  approver: signed by Bob" in shown
    assert "BAD" not in shown


def flipped(folder):
    path = folder / "report.json"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def listed_too(folder):
    (folder / "evidence" / "more.txt").write_text("x")
    with (folder / "SHA256SUMS").open("a") as file:
        file.write(sh(["sha256sum", "evidence/more.txt"], cwd=folder, capture_output=True, text=True).stdout)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (flipped, "report.json: FAILED"),
        (lambda folder: (folder / "run.json").unlink(), "run.json: FAILED open or read"),
        (lambda folder: (folder / "evidence" / "more.txt").write_text("x"), "evidence/more.txt"),
        (lambda folder: (folder / ".hidden").write_text("x"), ".hidden"),
        (lambda folder: (folder / "evidence" / "link").symlink_to("/etc/passwd"), "evidence/link"),
        (lambda folder: (folder / "evidence" / "two\nlines").write_text("x"), "BAD: "),
        (lambda folder: (folder / "transport" / "SHA256SUMS").write_text("x"), "transport/SHA256SUMS"),
        (lambda folder: (folder / "report-approved.pdf").write_text("x"), "report-approved.pdf"),
        (listed_too, "BAD: tester: no signature"),
        (lambda folder: (folder / "SHA256SUMS.approver.sig").unlink(), "BAD: approver: no signature"),
        (lambda folder: (folder / "SHA256SUMS.tester.sig").unlink(), "BAD: tester: no signature"),
        (
            lambda folder: shutil.copy(folder / "SHA256SUMS.tester.sig", folder / "SHA256SUMS.approver.sig"),
            "not two people",
        ),
    ],
)
def test_what_was_changed_is_told(guide, approved, change, told):
    change(approved)
    code, shown = guide(approved)
    assert code == 1, shown
    assert told in shown
    assert not check(approved).valid


def test_a_wrong_key(guide, run, keys, tmp_path):
    seal(run, Sealing(keys / "eve", name="Alice"))
    code, shown = guide(run)
    assert code == 1
    assert "BAD: tester: no signature over SHA256SUMS by anybody in" in shown
    (tmp_path / "signers").write_text(f"Eve {public(keys / 'eve')}\n")
    assert guide(run, tmp_path / "signers")[0] == 0


def test_a_report_that_was_changed_and_signed_by_another_key(guide, approved, keys):
    flipped(approved)
    forge.reseal(approved, keys / "eve")
    assert guide(approved)[0] == 1


def test_names_with_spaces_are_taken_as_they_are(guide, run, keys, tmp_path):
    seal(run, Sealing(keys / "alice", name="Alice van Dijk", approver="李 雷"))
    approve(run, keys / "bob", name="李 雷")
    signers = tmp_path / "signers of 2026"
    signers.write_text(f'"Alice van Dijk" {public(keys / "alice")}\n"李 雷" {public(keys / "bob")}\n')
    code, shown = guide(run, signers)
    assert code == 0, shown


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("Alice {alice}\r\nBob {bob}\r\n", 0),
        ("Alice,Carol {alice}\n!Eve,Bob {bob}\n", 0),
        ("Alice {alice}\nBob {alice}\nBob {bob}\n", 1),
        ("Alice,Bob {alice}\nbob {bob}\n", 1),
        ("*@lab {alice}\n*@lab {bob}\n", 1),
        ('Alice namespaces="git" {alice}\nBob {bob}\n', 1),
        ("#Alice {alice}\nBob {bob}\n", 1),
    ],
)
def test_the_guide_and_the_harness_read_the_file_of_signers_alike(
    guide, approved, keys, tmp_path, lines, code
):
    signers = tmp_path / "signers"
    signers.write_text(lines.format(alice=public(keys / "alice"), bob=public(keys / "bob")))
    told, shown = guide(approved, signers)
    assert told == code, shown
    assert check(approved, Trust(signers)).valid is (code == 0)


def test_names_of_files_do_nothing_to_a_terminal(guide, approved):
    (approved / "evidence" / "x\x1b[2J").write_text("x")
    line = f"{'0' * 64}  evidence/x\x1b[2J\n"
    (approved / "SHA256SUMS").write_bytes((approved / "SHA256SUMS").read_bytes() + line.encode())
    code, shown = guide(approved)
    assert code == 1
    assert "\x1b" not in shown


def test_hostile_words_stay_in_comments(guide, run, keys):
    name = "x'; touch pwned #\n touch pwned\n$(touch pwned)`touch pwned`{0}\u202e\x1b[2J"
    seal(run, Sealing(keys / "alice", name=name))
    code, shown = guide(run)
    assert code == 0, shown
    assert not (run / "pwned").exists()
    text = (run / "VERIFY.txt").read_text()
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_without_a_file_of_signers_nothing_is_said_to_be_valid(approved):
    told = sh(["sh", "VERIFY.txt"], cwd=approved, capture_output=True, text=True)
    assert told.returncode != 0
    assert "name the file of allowed signers" in told.stderr
