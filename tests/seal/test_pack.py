import io
import os
import shutil
import stat
import struct
import zipfile

import pytest

from harness.cli.main import invoke
from harness.errors import BenchError, UsageError
from harness.seal import unpack
from harness.seal.pack import pack
from harness.seal.people import Trust
from harness.seal.verify import verify


@pytest.fixture
def packed(approved, tmp_path):
    return pack(approved, tmp_path / "report.zip")


def told(path):
    checked = verify(path, Trust())
    return checked.valid, [str(problem) for problem in checked.problems]


def entry(name, mode=stat.S_IFREG | 0o644, **fields):
    made = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    made.create_system = 3
    made.external_attr = mode << 16
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def zipped(path, *entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for made, content in entries:
            archive.writestr(made, content)
    return path


def test_a_packed_report_is_valid_and_its_bytes_are_always_the_same(approved, packed, keys, tmp_path):
    assert told(packed) == (True, [])
    assert verify(packed, Trust(keys / "signers")).signatures[1].principals == ("Bob",)
    for path in approved.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    copy = shutil.copytree(approved, tmp_path / "elsewhere" / approved.name)
    assert pack(copy).read_bytes() == packed.read_bytes()


def test_other_programs_unpack_it(packed, tmp_path):
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    assert verify(next((tmp_path / "out").iterdir()), Trust()).valid


def test_a_zip_is_never_written_over_or_into_its_run(approved, packed):
    with pytest.raises(BenchError, match="file exists"):
        pack(approved, packed)
    with pytest.raises(UsageError, match="inside the run"):
        pack(approved, approved / "x.zip")


@pytest.mark.parametrize("name", [b"back\\slash", b"caf\xe9", b"C:x", b"line\nend", b"RUN.json", b"nul.txt"])
def test_what_not_every_program_can_unpack_is_not_packed(run, tmp_path, name):
    with open(os.fsencode(run) + b"/" + name, "wb"):  # noqa: PTH123
        pass
    with pytest.raises(UsageError, match="not every program"):
        pack(run, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../out", "leads out"),
        ("run/../../out", "leads out"),
        ("/etc/out", "absolute"),
        ("run/a//b", "leads out"),
        ("run/./b", "leads out"),
        ("C:/out", "drive"),
        ("run/x:stream", "drive"),
        ("run\\..\\out", "backslash"),
        ("run/a\x1bb", "control"),
        ("run/con", "another file"),
        ("run/dot.", "another file"),
        ("run/" + "n" * 2000, "too long"),
    ],
)
def test_names_that_lead_elsewhere_are_told_and_nothing_is_unpacked(tmp_path, name, why):
    made = entry("run/x")
    made.filename = name
    path = zipped(tmp_path / "x.zip", (entry("run/run.json"), b"{}"), (made, b"x"))
    valid, problems = told(path)
    assert not valid
    assert any(why in problem for problem in problems), problems
    assert not (tmp_path / "out").exists()


def test_a_name_with_a_zero_byte_is_told(tmp_path):
    path = zipped(tmp_path / "x.zip", (entry("run/run.json"), b"{}"), (entry("run/xXy"), b"x"))
    path.write_bytes(path.read_bytes().replace(b"run/xXy", b"run/x\0y"))
    assert any("zero byte" in problem for problem in told(path)[1])


def test_links_and_devices_are_told(tmp_path):
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        path = zipped(
            tmp_path / f"{kind}.zip", (entry("run/run.json"), b"{}"), (entry("run/l", kind | 0o777), b"/etc")
        )
        assert any("link or a device" in problem for problem in told(path)[1])


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("run/a", "run/a"), "twice"),
        (("run/a", "run/A"), "case"),
        (("run/caf\u00e9", "run/cafe\u0301"), "case"),
        (("run/A/x", "run/a/y"), "case"),
        (("run/a", "run/a/b"), "a file and a folder"),
        (("run/a", "other/b"), "things at its top"),
    ],
)
def test_names_that_meet_are_told(tmp_path, names, why):
    path = zipped(tmp_path / "x.zip", *((entry(name), b"") for name in names))
    assert any(why in problem for problem in told(path)[1])


@pytest.mark.slow
def test_bombs_are_told_before_they_are_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "_FREE", 1 << 20)
    big = zipped(tmp_path / "big.zip", (entry("run/run.json", compress_type=8), b"\0" * (8 << 20)))
    assert any("not unpacked" in problem for problem in told(big)[1])
    many = tmp_path / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(60_001):
            archive.writestr(entry(f"run/{number}"), b"")
    assert any("more than 60000" in problem for problem in told(many)[1])


def test_an_entry_that_holds_more_than_it_says_is_told(packed):
    data = bytearray(packed.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark)
        size = struct.unpack_from("<I", data, at + offset)[0]
        struct.pack_into("<I", data, at + offset, size - 1)
    packed.write_bytes(data)
    assert any("damaged" in problem for problem in told(packed)[1])


def test_encrypted_entries_are_told(packed):
    data = bytearray(packed.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    packed.write_bytes(data)
    assert any("encrypted" in problem for problem in told(packed)[1])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data + b"more", "4 bytes behind its end"),
        (lambda data: b"#!/bin/sh\n" + data, "10 bytes in front"),
        (lambda data: data[:-2] + struct.pack("<H", 5) + b"hello", "has a comment"),
        (lambda data: data[:-30], "truncated"),
        (lambda data: data[: len(data) // 2], "truncated"),
        (lambda data: b"", "truncated"),
        (lambda data: b"no zip at all" * 9, "truncated"),
    ],
)
def test_what_stands_around_a_zip_is_told(packed, change, why):
    packed.write_bytes(change(packed.read_bytes()))
    valid, problems = told(packed)
    assert not valid
    assert any(why in problem for problem in problems), problems


def test_extra_fields_comments_and_dates_of_entries_are_told(approved, tmp_path):
    source = pack(approved, tmp_path / "good.zip")
    for change in ({"extra": b"UT\x01\x00\x00"}, {"comment": b"hello"}, {"date_time": (2026, 1, 1, 0, 0, 0)}):
        made = tmp_path / "made.zip"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(made, "w") as new:
            for number, each in enumerate(old.infolist()):
                content = old.read(each)
                for field, value in change.items() if number == 3 else ():
                    setattr(each, field, value)
                new.writestr(each, content)
        valid, problems = told(made)
        assert not valid
        assert any("no zip as harness pack makes them" in problem for problem in problems)


def test_a_zip_of_what_is_no_run_is_not_valid(tmp_path):
    path = zipped(tmp_path / "x.zip", (entry("run/x"), b"x"))
    assert any("is no run folder" in problem for problem in told(path)[1])


def test_the_command_packs_and_verifies(approved, tmp_path, capsys):
    assert invoke(["pack", str(approved), str(tmp_path / "a.zip")]) == 0
    assert invoke(["verify", str(tmp_path / "a.zip")]) == 0
    assert "valid: " in capsys.readouterr().out
    assert io.BytesIO((tmp_path / "a.zip").read_bytes()).read(2) == b"PK"
    assert invoke(["verify", str(tmp_path / "no.zip")]) == 2
