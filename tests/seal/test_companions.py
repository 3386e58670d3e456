"""What may stand beside a seal: an attestation, time stamps, signatures inside PDFs, the report that is replaced."""

import base64
import hashlib
import json
import shutil
import subprocess

import pytest

from harness.cli.main import invoke
from harness.errors import ServiceError, UsageError
from harness.report.render import close
from harness.seal import pdfsig
from harness.seal.approval import approve
from harness.seal.check import check
from harness.seal.people import Trust
from harness.seal.seal import Sealing, seal
from harness.seal.verify import verify
from harness.settings.particulars import Particulars
from tests.report import sample_run
from tests.seal import authority


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    return authority.make(tmp_path_factory.mktemp("authority"))


def words(checked):
    return [f"{problem.word} {problem.name}" for problem in checked.problems]


@pytest.fixture(scope="session")
def attested_once(closed, keys, tmp_path_factory):
    run = shutil.copytree(closed, tmp_path_factory.mktemp("attested") / closed.name)
    seal(run, Sealing(keys / "alice", attest=keys / "bob"))
    return run


@pytest.fixture
def attested(attested_once, tmp_path):
    return shutil.copytree(attested_once, tmp_path / "attested" / attested_once.name)


def test_an_attestation_says_what_the_journal_says_of_the_sealed_list(attested):
    assert check(attested).valid
    envelope = json.loads((attested / "attestation.dsse.json").read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    sums = hashlib.sha256((attested / "SHA256SUMS").read_bytes()).hexdigest()
    assert statement["subject"][0] == {"name": "SHA256SUMS", "digest": {"sha256": sums}}
    report = json.loads((attested / "report.json").read_bytes())
    assert statement["predicate"]["result"] == "FAILED"
    for word in ("passed", "failed"):
        expected = [each["key"] for each in report["scenarios"] if each["verdict"] == word]
        assert statement["predicate"][f"{word}Tests"] == expected
        assert expected


def test_others_can_check_an_attestation_with_openssl(attested, tmp_path):
    envelope = json.loads((attested / "attestation.dsse.json").read_bytes())
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    (tmp_path / "signed").write_bytes(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", attested / "attestation.pub", "-rawin"]
    command += ["-in", tmp_path / "signed", "-sigfile", tmp_path / "signature"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda said: (
            said | {"signatures": [said["signatures"][0] | {"sig": base64.b64encode(bytes(64)).decode()}]}
        ),
        lambda said: said | {"more": 1},
        lambda said: said | {"payload": base64.b64encode(b"{}").decode()},
        lambda said: said | {"signatures": said["signatures"] * 2},
        lambda said: [],
    ],
)
def test_an_attestation_that_was_changed_is_told(attested, change):
    path = attested / "attestation.dsse.json"
    path.write_text(json.dumps(change(json.loads(path.read_bytes()))) + "\n")
    assert words(check(attested)) == ["changed attestation.dsse.json"]


def test_an_attestation_that_is_gone_or_was_added_is_told(attested, sealed):
    shutil.copy(attested / "attestation.dsse.json", sealed)
    assert words(check(sealed, awaits_approval=True)) == ["added attestation.dsse.json"]
    (attested / "attestation.dsse.json").unlink()
    assert words(check(attested)) == ["removed attestation.dsse.json"]


def test_a_key_that_cannot_attest_is_told_before_anything_is_written(run, keys, lab):
    with pytest.raises(UsageError, match="no Ed25519 key"):
        seal(run, Sealing(keys / "alice", attest=lab / "tester.key"))
    assert not (run / "seal.json").exists()


@pytest.fixture(scope="session")
def stamped_once(closed, keys, lab, tmp_path_factory):
    run = shutil.copytree(closed, tmp_path_factory.mktemp("stamped") / closed.name)
    with authority.time_stamps(lab) as url:
        seal(run, Sealing(keys / "alice", tsa=url))
        approve(run, keys / "bob", tsa=url)
    return run


@pytest.fixture
def stamped(stamped_once, tmp_path):
    return shutil.copytree(stamped_once, tmp_path / "stamped" / stamped_once.name)


def test_a_time_stamp_says_when_a_signature_was_there(stamped, lab):
    checked = check(stamped)
    assert checked.valid
    assert sum("by a service that nobody vouches for" in remark for remark in checked.remarks) == 2
    checked = check(stamped, Trust(roots=lab / "root.pem"))
    assert checked.valid
    assert sum("vouches for" in remark and "was there on" in remark for remark in checked.remarks) == 2
    told = check(stamped, Trust(roots=lab / "tester.pem"))
    assert words(told) == ["untrusted SHA256SUMS.tester.sig.tsr", "untrusted SHA256SUMS.approver.sig.tsr"]


def test_a_time_stamp_that_was_changed_moved_or_removed_is_told(stamped, sealed):
    token, other = stamped / "SHA256SUMS.tester.sig.tsr", stamped / "SHA256SUMS.approver.sig.tsr"
    good = token.read_bytes()
    shutil.copy(other, token)
    assert words(check(stamped)) == ["changed SHA256SUMS.tester.sig.tsr"]
    token.write_bytes(good[:-40] + bytes([good[-40] ^ 1]) + good[-39:])
    assert words(check(stamped)) == ["changed SHA256SUMS.tester.sig.tsr"]
    # What the service does not sign: the version of the list of what it signed.
    at = good.index(b"\x02\x01\x03")
    token.write_bytes(good[: at + 2] + b"\x02" + good[at + 3 :])
    assert words(check(stamped)) == ["changed SHA256SUMS.tester.sig.tsr"]
    token.write_bytes(good)
    for role in ("tester", "approver"):
        for name in (f"SHA256SUMS.{role}.sig.tsr", f"SHA256SUMS.{role}.sig.tsr.sig"):
            kept = (stamped / name).read_bytes()
            (stamped / name).unlink()
            assert words(check(stamped)) == [f"removed {name}"]
            (stamped / name).write_bytes(kept)
    own = (stamped / "SHA256SUMS.tester.sig.tsr.sig").read_bytes()
    shutil.copy(stamped / "SHA256SUMS.approver.sig.tsr.sig", stamped / "SHA256SUMS.tester.sig.tsr.sig")
    assert words(check(stamped)) == ["changed SHA256SUMS.tester.sig.tsr"]
    (stamped / "SHA256SUMS.tester.sig.tsr.sig").write_bytes(own)
    assert check(stamped).valid
    shutil.copy(other, sealed / token.name)
    assert "added SHA256SUMS.tester.sig.tsr" in words(check(sealed, awaits_approval=True))


def test_a_service_that_does_not_answer_leaves_the_run_as_it_was(run, keys):
    before = sorted(run.rglob("*"))
    with pytest.raises(ServiceError, match="gave no time stamp"):
        seal(run, Sealing(keys / "alice", tsa="http://127.0.0.1:9/"))
    with pytest.raises(UsageError, match="no address"):
        seal(run, Sealing(keys / "alice", tsa="file:///etc/passwd"))
    assert sorted(run.rglob("*")) == before


def test_the_guide_checks_who_signed_a_time_stamp(stamped, keys):
    def follow():
        command = ["sh", "VERIFY.txt", keys / "signers"]
        return subprocess.run(command, cwd=stamped, check=False, capture_output=True, text=True)

    told = follow()
    assert told.returncode == 0, told.stdout
    assert "ok:  SHA256SUMS.approver.sig.tsr: signed by Bob" in told.stdout
    for role in ("tester", "approver"):
        token = stamped / f"SHA256SUMS.{role}.sig.tsr"
        good = token.read_bytes()
        token.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        told = follow()
        assert told.returncode == 1
        assert f"BAD: {token.name}: no signature by the {role}" in told.stdout
        token.write_bytes(good)


def test_an_approver_may_have_a_time_stamp_where_the_tester_had_none(sealed, keys, lab):
    with authority.time_stamps(lab) as url:
        assert approve(sealed, keys / "bob", tsa=url).valid
    told = subprocess.run(
        ["sh", "VERIFY.txt", keys / "signers"], cwd=sealed, check=False, capture_output=True
    )
    assert told.returncode == 0, told.stdout


@pytest.fixture
def printed(tmp_path, with_pdf):
    """Return a run that came to its end, with its PDFs."""
    folder = sample_run.write(tmp_path / "printed")
    close(folder)
    return folder


@pytest.fixture
def signed(printed, keys, lab, monkeypatch):
    run = printed
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is missing: apt-get install poppler-utils")
    shutil.copy(run / "report.pdf", run.parent / "unsigned.pdf")
    monkeypatch.setenv("HARNESS_P12_PASSPHRASE", "")
    seal(run, Sealing(keys / "alice", name="Alice", approver="Bob", pades=lab / "tester.p12"))
    monkeypatch.setenv("HARNESS_P12_PASSPHRASE", "secret words")
    approve(run, keys / "bob", certificate=lab / "approver.p12")
    return run


@pytest.mark.slow
def test_a_pdf_with_both_signatures(signed, keys, tmp_path, capsys):
    checked = check(signed, Trust(keys / "signers"), pages=True)
    assert checked.valid, checked.problems
    assert any(
        "report-approved.pdf: signed inside by tester, approver" in remark for remark in checked.remarks
    )
    unsigned = (signed.parent / "unsigned.pdf").read_bytes()
    assert (signed / "report.pdf").read_bytes().startswith(unsigned), (
        "the PDF of the run can be taken out again"
    )
    found = pdfsig.signatures(signed / "report-approved.pdf")
    assert [(each.name, each.valid, each.whole) for each in found] == [
        ("tester", True, False),
        ("approver", True, True),
    ]
    guide = subprocess.run(
        ["sh", "VERIFY.txt", keys / "signers"], cwd=signed, check=False, capture_output=True, text=True
    )
    assert guide.returncode == 0, guide.stdout
    assert "report-approved.pdf: 2 valid signature(s)" in guide.stdout
    alone = shutil.copy(signed / "report-approved.pdf", tmp_path / "alone.pdf")
    assert verify(alone, Trust()).valid
    assert invoke(["verify", str(alone)]) == 0
    assert "X.509 certificate" in capsys.readouterr().out
    assert not verify(signed.parent / "unsigned.pdf", Trust()).valid
    assert invoke(["report", "--check", str(signed)]) == 0
    assert "report.pdf has a signature behind it" in capsys.readouterr().out
    (signed / "report.pdf").write_bytes((signed / "report.pdf").read_bytes() + b"more")
    assert invoke(["report", "--check", str(signed)]) == 1


@pytest.mark.slow
def test_a_signed_pdf_that_was_changed_is_told_though_pdfsig_ends_with_0(signed, keys, tmp_path):
    for name in ("report.pdf", "report-approved.pdf"):
        path = signed / name
        good = path.read_bytes()
        at = good.index(b"/Type/Page") if b"/Type/Page" in good else len(good) // 3
        for bad in (good[:at] + b"X" + good[at + 1 :], good + b"more", good[:-9]):
            path.write_bytes(bad)
            assert not check(signed).valid
            assert not verify(shutil.copy(path, tmp_path / "x.pdf"), Trust()).valid
            told = subprocess.run(
                ["sh", "VERIFY.txt", keys / "signers"],
                cwd=signed,
                check=False,
                capture_output=True,
                text=True,
            )
            assert told.returncode == 1
        tampered = shutil.copy(path, tmp_path / "x.pdf")
        tampered.write_bytes(good[:at] + b"X" + good[at + 1 :])
        assert (
            subprocess.run(["pdfsig", "-nocert", tampered], check=False, capture_output=True).returncode == 0
        )
        path.write_bytes(good)
    for name in ("report-approved.pdf", "report-approved.pdf.sig"):
        good = (signed / name).read_bytes()
        (signed / name).unlink()
        assert words(check(signed)) == [f"removed {name}"]
        (signed / name).write_bytes(good)


@pytest.mark.slow
def test_a_certificate_that_cannot_be_opened_leaves_the_run_as_it_was(
    printed, keys, lab, monkeypatch, tmp_path
):
    run = printed
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    monkeypatch.setenv("HARNESS_P12_PASSPHRASE", "wrong")
    (tmp_path / "no.p12").write_text("nothing")
    for path in (lab / "approver.p12", tmp_path / "no.p12", tmp_path / "missing.p12"):
        with pytest.raises(UsageError, match="p12"):
            seal(run, Sealing(keys / "alice", pades=path))
    monkeypatch.setenv("HARNESS_P12_PASSPHRASE", "")
    with pytest.raises(UsageError, match="key"):
        seal(run, Sealing(keys / "missing", pades=lab / "tester.p12"))
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def numbered(folder, number, **particulars):
    said = Particulars(number=number, **particulars).model_dump(mode="json")
    run = sample_run.write(folder)
    header = json.loads((run / "run.json").read_bytes())
    (run / "run.json").write_text(json.dumps(header | {"report": said}))
    close(run)
    return run


def test_an_amendment_names_what_it_replaces_and_both_are_checked(keys, tmp_path, capsys):
    old = numbered(tmp_path / "old", "R-1")
    sums = seal(old, Sealing(keys / "alice")).sums
    new = numbered(tmp_path / "new", "R-2")
    for asked, told in (
        ({"replaces": old}, "what changed, and why"),
        ({"reason": "why"}, "no report that is replaced"),
        ({"replaces": new, "reason": "x"}, "no valid sealed report"),
    ):
        with pytest.raises(UsageError, match=told):
            seal(new, Sealing(keys / "alice", **asked))
    checked = seal(new, Sealing(keys / "alice", replaces=old, reason="another firmware"))
    assert (checked.record.replaces.number, checked.record.replaces.sha256) == ("R-1", sums)
    assert f"R-1, whose SHA256SUMS has the SHA-256\n#   {sums}" in (new / "VERIFY.txt").read_text()
    assert invoke(["verify", str(new), "--replaces", str(old)]) == 0
    assert "is that report as it was sealed" in capsys.readouterr().out
    (old / "run.json").write_text("{}")
    assert invoke(["verify", str(new), "--replaces", str(old)]) == 1
    assert invoke(["verify", str(new), "--replaces", str(new)]) == 1


def test_an_amendment_has_a_number_of_its_own(keys, tmp_path):
    old = numbered(tmp_path / "old", "R-1")
    seal(old, Sealing(keys / "alice"))
    for number, told in (("R-1", "the number of the one"), ("", "has no number")):
        new = numbered(tmp_path / f"new{number}", number)
        with pytest.raises(UsageError, match=told):
            seal(new, Sealing(keys / "alice", replaces=old, reason="x"))


def test_what_a_report_says_itself_of_the_one_it_replaces_must_be_right(keys, tmp_path):
    old = numbered(tmp_path / "old", "R-1")
    sums = seal(old, Sealing(keys / "alice")).sums
    wrong = {"number": "R-1", "sha256": "0" * 64, "reason": "x"}
    new = numbered(tmp_path / "wrong", "R-2", replaces=wrong)
    with pytest.raises(UsageError, match="sealed as 0000"):
        seal(new, Sealing(keys / "alice", replaces=old))
    new = numbered(tmp_path / "right", "R-2", replaces=wrong | {"sha256": sums})
    assert seal(new, Sealing(keys / "alice", replaces=old)).record.replaces.reason == "x"
    same = numbered(tmp_path / "same", "R-1", replaces=wrong | {"sha256": sums})
    with pytest.raises(UsageError, match="the number of the one"):
        seal(same, Sealing(keys / "alice"))
