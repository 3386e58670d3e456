import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.errors import BenchError, UsageError
from harness.report.render import render_all
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.seal.approval import approve
from harness.seal.check import check
from harness.seal.people import Trust
from harness.seal.seal import Sealing, seal
from tests.seal.conftest import public


def sh(command, *, check=False, **options):
    return subprocess.run(command, check=check, **options)


def words(checked):
    return [(problem.word, problem.name) for problem in checked.problems]


def test_a_sealed_and_approved_run_is_valid(approved, keys):
    checked = check(approved, Trust(keys / "signers"))
    assert checked.valid
    assert [(each.role, each.name, each.principals) for each in checked.signatures] == [
        ("tester", "Alice", ("Alice",)),
        ("approver", "Bob", ("Bob",)),
    ]
    assert checked.record.verdict == "failed", "a failed run is sealed as any other"
    assert checked.files == len(list((approved / "SHA256SUMS").read_bytes().splitlines()))


def test_coreutils_take_the_list(approved):
    told = sh(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=approved, capture_output=True)
    assert told.returncode == 0, told.stderr


def test_without_signers_it_says_whose_key_signed_and_that_nobody_vouches(approved, keys, capsys):
    assert invoke(["verify", str(approved)]) == 0
    shown = capsys.readouterr().out
    listed = sh(["ssh-keygen", "-lf", keys / "alice.pub"], capture_output=True, text=True).stdout
    assert listed.split()[1] in shown
    assert "nobody vouches" in shown


def test_until_the_approver_who_was_announced_has_signed_it_is_not_valid(sealed, keys):
    checked = check(sealed, Trust(keys / "signers"))
    assert words(checked) == [("removed", "SHA256SUMS.approver.sig")]
    assert check(sealed, Trust(keys / "signers"), awaits_approval=True).valid


def test_where_nobody_was_announced_one_signature_is_enough_and_that_is_said(run, keys):
    seal(run, Sealing(keys / "alice"))
    checked = check(run, Trust(keys / "signers"))
    assert checked.valid
    assert any("nobody approved" in remark for remark in checked.remarks)


@pytest.mark.parametrize(
    ("key", "name"),
    [("alice", "Bob"), ("bob", "ALICE"), ("bob", " alice "), ("bob", "Al\u200bice"), ("bob", "Carol")],
)
def test_the_approver_is_another_person_with_another_key_and_the_one_announced(sealed, keys, key, name):
    with pytest.raises(UsageError):
        approve(sealed, keys / key, name=name)
    assert not (sealed / "SHA256SUMS.approver.sig").exists()


def test_nobody_approves_what_does_not_verify(sealed, keys):
    (sealed / "run.json").write_bytes((sealed / "run.json").read_bytes() + b" ")
    with pytest.raises(UsageError, match="cannot be approved: appended to"):
        approve(sealed, keys / "bob")


def test_a_run_is_sealed_once_and_never_rendered_again(sealed, keys):
    before = {path: path.read_bytes() for path in sealed.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="sealed already"):
        seal(sealed, Sealing(keys / "alice"))
    with pytest.raises(UsageError, match="break the seal"):
        render_all(sealed)
    assert before == {path: path.read_bytes() for path in sealed.rglob("*") if path.is_file()}


def test_the_manifest_holds_on_a_sealed_run(approved):
    assert not manifest.verify(RunFolder(approved))


def test_a_run_that_was_changed_since_its_end_is_not_sealed(run, keys):
    (run / "transport" / "se.rec").write_text("{}\n")
    with pytest.raises(UsageError, match="does not hold together"):
        seal(run, Sealing(keys / "alice"))
    assert not (run / "SHA256SUMS").exists()


def test_reports_that_are_not_what_the_journal_comes_to_are_not_sealed(run, keys):
    path = run / "report.json"
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"passed"'))
    with pytest.raises(UsageError, match="not what its journal comes to"):
        seal(run, Sealing(keys / "alice"))


def test_a_part_of_a_run_is_sealed_on_request_alone_and_says_so(run, keys):
    journal = run / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    (run / "manifest.json").unlink()
    render_all(run)
    with pytest.raises(UsageError, match="goes on, or was killed"):
        seal(run, Sealing(keys / "alice"))
    assert seal(run, Sealing(keys / "alice", partial=True)).record.partial
    assert "a part of a run" in (run / "VERIFY.txt").read_text()


def test_names_of_every_kind_are_listed_and_checked(run, keys):
    (run / "manifest.json").unlink()  # as a run would have made it with these files
    folder = os.fsencode(run)
    names = [
        b"-",
        b"-rf",
        b" two  spaces ",
        b"*star",
        b"back\\slash",
        b"line\nend",
        b"\r",
        b"caf\xe9",
        "é中".encode(),
        b"%s",
        b"\\n",
    ]
    for number, name in enumerate(names):
        Path(os.fsdecode(folder + b"/evidence/" + name if number else folder + b"/-")).write_bytes(
            b"%d" % number
        )
    render_all(run)
    manifest.write(RunFolder(run))
    checked = seal(run, Sealing(keys / "alice", name="Alice"))
    assert checked.valid
    told = sh(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=run, capture_output=True, stdin=subprocess.DEVNULL
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.count(b": OK") == checked.files
    guide = sh(["sh", "VERIFY.txt", keys / "signers"], cwd=run, capture_output=True, text=True)
    assert guide.returncode == 0, guide.stdout


@pytest.mark.parametrize("kind", ["link", "fifo", "link to a folder"])
def test_what_is_no_file_is_not_sealed_and_never_followed(run, sealed, keys, tmp_path, kind):
    for folder in (run, sealed):
        odd = folder / "evidence" / "odd"
        if kind == "fifo":
            os.mkfifo(odd)
        else:
            odd.symlink_to(tmp_path if kind == "link to a folder" else folder / "run.json")
    with pytest.raises(UsageError, match="odd"):
        seal(run, Sealing(keys / "alice"))
    assert words(check(sealed, awaits_approval=True)) == [("added", "evidence/odd")]


@pytest.mark.usefixtures("keys")  # skips without ssh-keygen
def test_a_key_that_is_none_is_named(run, tmp_path):
    (tmp_path / "text").write_text("no key")
    for key in (tmp_path / "text", tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="key"):
            seal(run, Sealing(key))


@pytest.mark.usefixtures("keys")  # skips without ssh-keygen
def test_a_passphrase_without_a_terminal_is_a_clear_error_and_leaves_nothing(run, tmp_path):
    key = tmp_path / "locked"
    sh(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", key], check=True)
    before = sorted(run.rglob("*"))
    with pytest.raises(UsageError, match="could not sign"):
        seal(run, Sealing(key))
    assert sorted(run.rglob("*")) == before


@pytest.mark.slow
def test_a_key_in_an_agent_signs(run, keys, tmp_path):
    if shutil.which("ssh-agent") is None:
        pytest.skip("ssh-agent is missing")
    shutil.copy(keys / "alice.pub", tmp_path / "held.pub")
    # The agent ends with the command that it starts.
    program = [sys.executable, "-m", "harness", "seal", run, "--key", tmp_path / "held.pub"]
    shell = 'ssh-add -q "$0" && exec "$@"'
    told = sh(["ssh-agent", "sh", "-c", shell, keys / "alice", *program], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert check(run, Trust(keys / "signers")).valid


def test_without_ssh_keygen_the_error_says_what_to_install(run, sealed, keys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="ssh-keygen") as error:
        seal(run, Sealing(keys / "alice"))
    assert "openssh-client" in error.value.hint
    with pytest.raises(BenchError, match="ssh-keygen"):
        check(sealed)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads and writes everything")
def test_folders_and_files_without_permission_are_named(run, keys):
    run.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(BenchError, match="cannot be written"):
            seal(run, Sealing(keys / "alice"))
    finally:
        run.chmod(0o755)


def test_an_unsealed_run_is_not_valid_and_its_manifest_is_checked(run, capsys):
    assert invoke(["verify", str(run)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("not sealed")
    assert "as manifest.json says" in shown
    (run / "run.json").unlink()
    assert ("removed", "run.json") in words(check(run))


def test_a_signer_of_another_name_is_told(run, keys, tmp_path):
    seal(run, Sealing(keys / "alice", name="Alice"))
    (tmp_path / "signers").write_text(f"a.tester@lab.example {public(keys / 'alice')}\n")
    checked = check(run, Trust(tmp_path / "signers"))
    assert checked.valid
    assert any("the report names Alice as tester" in remark for remark in checked.remarks)


@pytest.mark.parametrize(
    ("options", "word", "told"),
    [
        ('valid-before="20200101"', "expired", "was valid until"),
        ('valid-after="20990101Z"', "untrusted", "is valid from"),
        ('namespaces="git"', "untrusted", "may sign for git"),
    ],
)
def test_a_key_out_of_its_time_or_purpose_is_told(approved, keys, tmp_path, options, word, told):
    (tmp_path / "signers").write_text(
        f"Alice {options} {public(keys / 'alice')}\nBob {public(keys / 'bob')}\n"
    )
    checked = check(approved, Trust(tmp_path / "signers"))
    assert words(checked) == [(word, "SHA256SUMS.tester.sig")]
    assert told in checked.problems[0].detail


def test_the_moment_for_which_keys_count_may_be_chosen(approved, keys, tmp_path):
    (tmp_path / "signers").write_text(
        f'Alice valid-before="20200101Z" {public(keys / "alice")}\nBob {public(keys / "bob")}\n'
    )
    assert check(approved, Trust(tmp_path / "signers", at="20191231Z")).valid


def test_a_revoked_and_an_unknown_key_are_told(approved, keys, tmp_path):
    checked = check(approved, Trust(keys / "signers", revoked=keys / "bob.pub"))
    assert words(checked) == [("revoked", "SHA256SUMS.approver.sig")]
    (tmp_path / "signers").write_text(f"Alice {public(keys / 'alice')}\nBob {public(keys / 'eve')}\n")
    checked = check(approved, Trust(tmp_path / "signers"))
    assert words(checked) == [("untrusted", "SHA256SUMS.approver.sig")]


def test_a_moment_and_a_file_of_revoked_keys_that_are_none_are_errors_and_accuse_nobody(
    approved, keys, tmp_path
):
    for at in ("2026", "20261301Z", "-Oprint"):
        with pytest.raises(UsageError, match="no moment"):
            check(approved, Trust(keys / "signers", at=at))
    with pytest.raises(UsageError, match="cannot be read"):
        check(approved, Trust(keys / "signers", revoked=tmp_path / "nowhere"))
    (tmp_path / "revoked").write_text("no key")
    with pytest.raises(UsageError, match="no list of revoked keys"):
        check(approved, Trust(keys / "signers", revoked=tmp_path / "revoked"))
    sh(["ssh-keygen", "-q", "-k", "-f", tmp_path / "krl", keys / "bob.pub"], check=True)
    checked = check(approved, Trust(keys / "signers", revoked=tmp_path / "krl"))
    assert words(checked) == [("revoked", "SHA256SUMS.approver.sig")]


def test_a_key_is_that_of_those_alone_for_whom_it_counts(approved, keys, tmp_path):
    alice = public(keys / "alice")
    lines = f'Alice valid-before="20200101Z" {alice}\nMallory {alice}\nBob {public(keys / "bob")}\n'
    (tmp_path / "signers").write_text(lines)
    checked = check(approved, Trust(tmp_path / "signers"))
    assert checked.signatures[0].principals == ("Mallory",)
    assert any("the report names Alice as tester" in remark for remark in checked.remarks)


def test_a_certificate_does_not_make_a_second_person_of_a_key(sealed, keys, tmp_path):
    shutil.copy(keys / "alice", tmp_path / "key")
    shutil.copy(keys / "alice.pub", tmp_path / "key.pub")
    sh(["ssh-keygen", "-q", "-s", keys / "eve", "-I", "x", "-n", "Bob", tmp_path / "key.pub"], check=True)
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", tmp_path / "key-cert.pub", "-n", "harness-report@v1"]
    sums = (sealed / "SHA256SUMS").read_bytes()
    signed = sh(command, input=sums, capture_output=True, check=True).stdout
    (sealed / "SHA256SUMS.approver.sig").write_bytes(signed)
    lines = f"Alice {public(keys / 'alice')}\nBob cert-authority {public(keys / 'eve')}\n"
    (tmp_path / "signers").write_text(lines)
    for trust in (Trust(), Trust(tmp_path / "signers")):
        checked = check(sealed, trust)
        assert words(checked) == [("changed", "SHA256SUMS.approver.sig")]
        assert "is by a certificate" in checked.problems[0].detail
    told = sh(["sh", "VERIFY.txt", tmp_path / "signers"], cwd=sealed, capture_output=True, text=True)
    assert told.returncode == 1
    assert "BAD: tester and approver are not two people" in told.stdout


def test_one_person_with_two_keys_is_told(approved, keys, tmp_path):
    (tmp_path / "signers").write_text(f"Alice {public(keys / 'alice')}\nALICE {public(keys / 'bob')}\n")
    assert words(check(approved, Trust(tmp_path / "signers"))) == [("one person", "SHA256SUMS.approver.sig")]


def test_one_key_for_both_is_told_whoever_made_it(sealed, keys):
    shutil.copy(sealed / "SHA256SUMS.tester.sig", sealed / "SHA256SUMS.approver.sig")
    assert words(check(sealed)) == [("one person", "SHA256SUMS.approver.sig")]


def test_json_says_the_same(approved, keys, capsys):
    assert invoke(["verify", "--json", "--signers", str(keys / "signers"), str(approved)]) == 0
    report = json.loads(capsys.readouterr().out)["reports"][0]
    assert report["valid"]
    assert [each["principals"] for each in report["signatures"]] == [["Alice"], ["Bob"]]
