"""Two thousand alterations of a sealed and approved run, evenly over every class of file and every kind: none goes unnoticed.

The seed is fixed, so that a failure can be looked at again; SEAL_SEED and SEAL_ALTERATIONS try others.
"""

import os
import random
import re
import shutil
from collections import Counter

import pytest

from harness.report.render import close
from harness.seal.approval import approve
from harness.seal.check import check
from harness.seal.people import Trust
from harness.seal.seal import Sealing, seal
from tests.report import sample_run
from tests.seal import authority

PARTS = 4  # several processes of tests may share the work
ALTERATIONS = int(os.environ.get("SEAL_ALTERATIONS", "2000"))

CLASSES = {
    "journal": "journal.jsonl",
    "header": "run.json",
    "inputs": "inputs.jsonl",
    "manifest": "manifest.json",
    "recording": "transport/*",
    "evidence": "evidence/*",
    "page": "report*.html",
    "pdf": "report*.pdf",
    "json": "report.json",
    "junit": "junit.xml",
    "ctrf": "ctrf.json",
    "csv": "report-*.csv",
    "allure": "allure-results/*",
    "guide": "VERIFY.txt",
    "record": "seal.json",
    "sums": "SHA256SUMS",
    "signature": "*.sig",
    "time stamp": "*.tsr",
    "attestation": "attestation.*",
}


def flip(path, chance):
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def truncate(path, chance):
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def append(path, chance):
    with path.open("ab") as file:
        file.write(
            chance.choice([b"\n", b" ", b"\0", b"x", b"%%EOF\n", chance.randbytes(chance.randrange(1, 200))])
        )


def insert(path, chance):
    data = path.read_bytes()
    at = chance.randrange(len(data) + 1)
    path.write_bytes(data[:at] + chance.choice([b" ", b"\n", b"0", chance.randbytes(3)]) + data[at:])


def cut_out(path, chance):
    data = path.read_bytes()
    at = chance.randrange(len(data))
    path.write_bytes(data[:at] + data[at + chance.randrange(1, 40) :])


def zero(path, chance):
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    data[at : at + 16] = bytes(len(data[at : at + 16]))
    path.write_bytes(data)


def remove(path, chance):
    path.unlink()


def empty(path, chance):
    path.write_bytes(b"")


def rename(path, chance):
    path.rename(path.with_name(chance.choice([f"{path.name}.old", path.name.swapcase(), f".{path.name}"])))


def add(path, chance):
    shutil.copy(path, path.with_name(f"{chance.choice(['more-', '.', '-'])}{path.name}"))


def link(path, chance):
    """Put a link to the same content in the place of a file."""
    moved = path.parents[1] / f"{path.name}.kept"
    shutil.move(path, moved)
    path.symlink_to(moved)


def folder(path, chance):
    (path.parent / f"{path.name}.d").mkdir()


def swap(path, chance):
    around = [*path.parent.iterdir(), *path.parents[1].glob("*/*")]
    others = [each for each in sorted(around) if each.is_file() and each.read_bytes() != path.read_bytes()]
    other = chance.choice(others)
    mine, its = path.read_bytes(), other.read_bytes()
    path.write_bytes(its)
    other.write_bytes(mine)


def reorder(path, chance):
    lines = path.read_bytes().splitlines(keepends=True)
    before = list(lines)
    for _ in range(20):
        one, two = (chance.randrange(len(lines)) for _ in range(2))
        lines[one], lines[two] = lines[two], lines[one]
        if lines != before:
            break
    else:
        lines = [*lines, b"\n"]
    path.write_bytes(b"".join(lines))


def redate(path, chance):
    """Write another year where one stands; another digit in a file without one."""
    data = path.read_bytes()
    places = [found.start() for found in re.finditer(rb"20[0-9]{2}", data)]
    if places:
        at = chance.choice(places)
        path.write_bytes(data[:at] + b"1999" + data[at + 4 :])
    else:
        flip(path, chance)


def repeat_line(path, chance):
    lines = path.read_bytes().splitlines(keepends=True)
    at = chance.randrange(len(lines))
    path.write_bytes(b"".join([*lines[: at + 1], *lines[at:]]))


KINDS = (
    flip, truncate, append, insert, cut_out, zero, remove, empty, rename, add, link, folder, swap, reorder, redate,
    repeat_line,
)  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, keys):
    """Return a run with everything that a seal may have beside it, approved."""
    home = tmp_path_factory.mktemp("bundle")
    lab = authority.make(tmp_path_factory.mktemp("authority"))
    with pytest.MonkeyPatch.context() as patched:
        from harness.report.pdf.renderer import PdfReport

        patched.setattr(PdfReport, "lacks", lambda _: "")
        folder = sample_run.write(home)
        (folder / "inputs.jsonl").write_text('{"for": "device random", "x": "00"}\n' * 3)
        close(folder)
        with authority.time_stamps(lab) as url:
            patched.setenv("HARNESS_P12_PASSPHRASE", "")
            asked = Sealing(
                keys / "alice",
                name="Alice",
                approver="Bob",
                pades=lab / "tester.p12",
                tsa=url,
                attest=keys / "eve",
            )
            seal(folder, asked)
            patched.setenv("HARNESS_P12_PASSPHRASE", "secret words")
            approve(folder, keys / "bob", certificate=lab / "approver.p12", tsa=url)
    trust = Trust(keys / "signers", roots=lab / "root.pem")
    assert check(folder, trust, pages=True).valid
    return folder, trust


def snapshot(root):
    """Return everything that may count, by name: content of files, targets of links, and folders."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        found[name] = (
            str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        )
    return found


def restore(root, good, bad):
    for name in sorted(bad.keys() - good.keys(), reverse=True):
        path = root / name
        path.rmdir() if bad[name] is None else path.unlink()
    for name, content in good.items():
        if content is not None and bad.get(name) != content:
            (root / name).unlink(missing_ok=True)
            (root / name).write_bytes(content)
    for path in root.parent.glob("*.kept"):
        path.unlink()
    for path in root.glob("*.kept"):
        path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_alteration_goes_unnoticed(bundle, tmp_path, part):
    source, trust = bundle
    root = tmp_path / source.name
    shutil.copytree(source, root)
    good = snapshot(root)
    chance = random.Random(f"{os.environ.get('SEAL_SEED', 'seal')} {part}")
    plan = [(name, kind) for name in CLASSES for kind in KINDS]
    counted, unnoticed = Counter(), []
    for number in range(part * ALTERATIONS // PARTS, (part + 1) * ALTERATIONS // PARTS):
        name, kind = plan[number % len(plan)]
        files = sorted(path for path in root.glob(CLASSES[name]) if path.is_file())
        assert files, f"there is no file of the class {name}"
        path = chance.choice(files)
        kind(path, chance)
        bad = snapshot(root)
        assert bad != good, f"{kind.__name__} changed nothing in {path.name}"
        checked = check(root, trust)
        if checked.valid:
            unnoticed.append(f"{number}: {kind.__name__} of {path.relative_to(root)}")
        else:
            assert all(problem.word and problem.name for problem in checked.problems)
        counted[name, kind.__name__] += 1
        restore(root, good, bad)
    assert unnoticed == []
    assert snapshot(root) == good
    by_class = Counter(name for name, _ in counted.elements())
    assert max(by_class.values()) - min(by_class[name] for name in CLASSES) <= len(KINDS), (
        "evenly over all classes"
    )
