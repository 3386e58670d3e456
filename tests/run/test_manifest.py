import json
import os

import pytest

from harness.run import manifest
from harness.run.run import Run


@pytest.fixture
def folder(tmp_path):
    run = Run.create(tmp_path, "b")
    run.recording("se").write_bytes(b"recorded\n")
    (run.folder.evidence / "a.txt").write_bytes(b"abc")
    (run.path / "report.json").write_bytes(b"{}")
    (run.path / "allure-results" / "deep").mkdir(parents=True)
    (run.path / "allure-results" / "deep" / "é.json").write_bytes(b"{}")
    run.finish()
    manifest.write(run.folder)
    return run.folder


def test_every_file_but_itself_is_listed(folder):
    record = json.loads(folder.manifest.read_bytes())
    assert [entry["path"] for entry in record["files"]] == [
        "journal.jsonl",
        "report.json",
        "run.json",
        "allure-results/deep/é.json",
        "evidence/a.txt",
        "transport/se.rec",
    ]
    (abc,) = [entry for entry in record["files"] if entry["path"] == "evidence/a.txt"]
    assert abc["size"] == 3
    assert abc["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert not manifest.verify(folder)
    assert manifest.verify(folder).checked == 6


def test_changed_missing_and_added_are_told_apart(folder):
    (folder.evidence / "a.txt").write_bytes(b"abd")
    (folder.transport / "se.rec").unlink()
    (folder.path / "new").mkdir()
    (folder.path / "new" / ".hidden").write_bytes(b"")
    changes = manifest.verify(folder)
    assert changes
    assert changes.changed == ("evidence/a.txt",)
    assert changes.missing == ("transport/se.rec",)
    assert changes.added == ("new/.hidden",)


@pytest.mark.parametrize(
    "name", ["journal.jsonl", "run.json", "report.json", "evidence/a.txt", "transport/se.rec"]
)
def test_one_flipped_bit_shows(folder, name):
    path = folder.path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert manifest.verify(folder).changed == (name,)


def test_links_are_never_as_the_manifest_says(folder, tmp_path):
    target = tmp_path / "copy"
    target.write_bytes(b"abc")
    (folder.evidence / "a.txt").unlink()
    (folder.evidence / "a.txt").symlink_to(target)
    (folder.path / "linked").symlink_to(tmp_path)
    changes = manifest.verify(folder)
    assert changes.changed == ("evidence/a.txt",)
    assert changes.added == ("linked",)
    folder.manifest.unlink()
    manifest.write(folder)
    assert manifest.verify(folder).changed == ("evidence/a.txt", "linked")


def test_a_missing_manifest_is_a_usage_error_and_none_is_made(folder):
    folder.manifest.unlink()
    with pytest.raises(manifest.NoManifestError) as caught:
        manifest.verify(folder)
    assert "made once" in caught.value.hint
    assert manifest.rewritten(folder) == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"format":"id2-run-manifest","schema":1}',
        b'{"format":"id2-run-manifest","schema":2,"files":[]}',
        b'{"format":"id2-run-manifest","schema":1,"files":[{"path":"a"}]}',
        b"\xff",
    ],
)
def test_what_is_no_manifest_is_named(folder, text):
    folder.manifest.write_bytes(text)
    with pytest.raises(manifest.BrokenManifestError, match=r"manifest\.json"):
        manifest.verify(folder)
    assert manifest.rewritten(folder) == ("manifest.json (no manifest)",)


def test_what_the_run_wrote_may_not_even_grow(folder):
    assert manifest.rewritten(folder) == ()
    (folder.path / "report.json").write_bytes(b"rendered again")
    assert manifest.rewritten(folder) == ()
    with folder.journal.open("ab") as file:
        file.write(b"more\n")
    (folder.evidence / "b.txt").write_bytes(b"new")
    (folder.evidence / "a.txt").unlink()
    os.truncate(folder.transport / "se.rec", 3)
    header = bytearray(folder.header.read_bytes())
    header[5] ^= 1
    folder.header.write_bytes(header)
    assert manifest.rewritten(folder) == (
        "run.json (changed)",
        "transport/se.rec (truncated)",
        "journal.jsonl (appended to)",
        "evidence/a.txt (missing)",
        "evidence/b.txt (added)",
    )


def test_a_longer_file_with_another_beginning_is_changed_and_not_appended_to(folder):
    (folder.evidence / "a.txt").write_bytes(b"abd and more")
    assert manifest.verify(folder).by_word()["changed"] == ("evidence/a.txt",)


@pytest.mark.parametrize("name", [".report.html.1.tmp.txt", "transport/.se.rec.1.tmp", ".x", ".latest"])
def test_only_the_drafts_of_the_harness_are_left_out(folder, name):
    (folder.path / name).write_bytes(b"")
    assert manifest.verify(folder).added == (name,)


def test_a_manifest_cannot_point_out_of_the_folder(folder, tmp_path):
    (tmp_path / "outside").write_bytes(b"abc")
    record = json.loads(folder.manifest.read_bytes())
    (inside,) = [entry for entry in record["files"] if entry["size"] == 3]
    record["files"].append({**inside, "path": "evidence/../../outside"})
    folder.manifest.write_text(json.dumps(record))
    assert manifest.rewritten(folder) == ("evidence/../../outside (missing)",)
    assert manifest.verify(folder).missing == ("evidence/../../outside",)
