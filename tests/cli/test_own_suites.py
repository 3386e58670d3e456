"""Suites of a lab's own, in a folder outside the tree, beside the shipped ones; and the page that says how."""

import json
import os
import re
from pathlib import Path

import pytest

from harness.cli.main import invoke

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-a-scenario.md").read_text()


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def write_suites(folder: Path, **replaced: str) -> Path:
    (folder / "step4_adapt").mkdir(parents=True)
    requirements, scenario = block("yaml"), block("python")
    for old, new in replaced.items():
        requirements = requirements.replace(old.replace("_", "-"), new)
    (folder / "requirements.yaml").write_text(requirements)
    (folder / "step4_adapt" / "test_our_id.py").write_text(scenario)
    return folder


@pytest.fixture
def acme(tmp_path):
    """The suites of the page, in a folder outside the tree."""
    return write_suites(tmp_path / "acme")


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """Call the command in the folder outside the tree."""
    monkeypatch.chdir(tmp_path)

    def called(*words: str, code: int = 0) -> str:
        ended = invoke(list(words))
        said = capfd.readouterr()
        assert ended == code, said.out + said.err
        return said.out + said.err

    return called


def report_of(folder: Path) -> dict:
    return json.loads((folder / "runs" / "latest" / "report.json").read_text())


def test_every_step_of_the_page(tmp_path, acme, call):
    plan, run = block("console").replace("$ harness", "harness").strip().splitlines()
    planned = call(*plan.split()[1:])
    assert "+ The ID is one of our vendor's [ACME-ID-01]" in planned
    assert "The ID has its form and stays the same [SE-ID-01, SE-ID-02]" in planned
    call(*run.split()[1:])
    report = report_of(tmp_path)
    assert report["verdict"] == "passed"
    own = [one for one in report["scenarios"] if one["requirements"] == ["ACME-ID-01"]]
    assert [(one["id"], one["verdict"]) for one in own] == [
        ("step4_adapt/test_our_id/test_vendor_of_the_id", "passed")
    ]
    rows = {row["id"]: row for row in report["requirements"]}
    assert rows["ACME-ID-01"]["source"] == "purchase contract 7"
    assert {"ACME-ID-01", "SE-ID-01"} <= rows.keys()
    assert len(report["scenarios"]) > len(own)
    header = json.loads((tmp_path / "runs" / "latest" / "run.json").read_text())
    assert header["options"]["suites"] == ["suites", "acme"]
    assert len([one for one in header["inputs"] if one["role"] == "requirements list"]) == 2
    steps = [one["step_folder"] for one in report["scenarios"]]
    place = [one["id"] for one in report["scenarios"]].index(own[0]["id"])
    assert "step5_verify" not in steps[:place]
    assert "step5_verify" in steps[place:]


def test_only_suites_replaces_the_shipped_ones(tmp_path, acme, call):
    second = write_suites(tmp_path / "second", ACME_ID="OTHER-ID")
    (second / "step4_adapt" / "test_our_id.py").rename(second / "step4_adapt" / "test_other.py")
    text = (second / "step4_adapt" / "test_other.py").read_text()
    (second / "step4_adapt" / "test_other.py").write_text(text.replace("ACME-ID", "OTHER-ID"))
    call("run", "virtual-se-i2c", "--only-suites", "acme", "--suites", "second")
    report = report_of(tmp_path)
    assert [one["requirements"] for one in report["scenarios"]] == [["ACME-ID-01"], ["OTHER-ID-01"]]
    assert [one["id"] for one in report["requirements"]] == ["ACME-ID-01", "OTHER-ID-01"]


def test_pytest_runs_them_too(tmp_path, acme, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    given = ["-q", "-c", os.devnull, "-p", "no:cacheprovider"]
    given += ["--board=virtual-se-i2c", "--only-suites=acme"]
    assert pytest.main([*given, f"--rootdir={tmp_path}"]) == 0
    assert [one["requirements"] for one in report_of(tmp_path)["scenarios"]] == [["ACME-ID-01"]]
    assert pytest.main([*given, f"--rootdir={tmp_path}", "acme"]) == 2
    assert "--only-suites names all that is to run, and files are named too" in capfd.readouterr().out


def test_an_id_that_stands_in_two_lists(acme, call):
    (acme / "requirements.yaml").write_text(block("yaml").replace("ACME-ID-01", "SE-ID-01"))
    for command in ("plan", "run"):
        said = call(command, "virtual-se-i2c", "--suites", "acme", code=2)
        assert "error: acme/requirements.yaml:1: requirement SE-ID-01 stands in " in said
        assert re.search(r"suites/requirements\.yaml:\d+ too\n  try: give one", said)
        assert "try: give one of the two another id" in said


def test_a_step_without_a_requirement(acme, call):
    (acme / "requirements.yaml").write_text("[]\n")
    line = 1 + block("python").splitlines().index('    with scenario.step("ACME-ID-01"):')
    for command in ("plan", "run"):
        said = call(command, "virtual-se-i2c", "--suites", "acme", code=2)
        assert (
            f"error: acme/step4_adapt/test_our_id.py:{line}: test_vendor_of_the_id: requirement ACME-ID-01 is in "
            "no list\n  try: add it to acme/requirements.yaml, or correct the id" in said
        )
        assert "pytest" not in said


def test_a_file_at_the_same_place_as_a_shipped_one(acme, call):
    (acme / "step4_adapt" / "test_our_id.py").rename(acme / "step4_adapt" / "test_chip_identity.py")
    said = call("plan", "virtual-se-i2c", "--suites", "acme", code=2)
    assert (
        "acme/step4_adapt/test_chip_identity.py: its scenarios would have the same names in reports" in said
    )
    assert "suites/step4_adapt/test_chip_identity.py" in said


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere", "--suites nowhere: there is no such folder, and no installed package offers suites"),
        ("bare", "--suites bare: no requirements.yaml stands in"),
    ],
)
def test_what_are_no_suites(tmp_path, call, name, why):
    (tmp_path / "bare").mkdir()
    assert f"error: {why}" in call("run", "virtual-se-i2c", "--suites", name, code=2)


def test_a_conftest_above_them_takes_no_part(tmp_path, acme, call):
    (tmp_path / "conftest.py").write_text("raise SystemExit('loaded')\n")
    (acme / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef chip():\n    raise AssertionError('the fixture of acme')\n"
    )
    call("run", "virtual-se-i2c", "--suites", "acme", "-k", "test_our_id", code=1)
    scenarios = {one["id"]: one for one in report_of(tmp_path)["scenarios"]}
    assert "the fixture of acme" in json.dumps(scenarios["step4_adapt/test_our_id/test_vendor_of_the_id"])


def test_a_package_offers_suites(tmp_path, call, monkeypatch):
    place = tmp_path / "site"
    write_suites(place / "acme_suites")
    (place / "acme_suites" / "__init__.py").write_text("")
    known = place / "acme-1.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    entry = block("toml").replace('project.entry-points."harness.suites"', "harness.suites").replace('"', "")
    (known / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(str(place))
    assert "ACME-ID-01" not in call("plan", "virtual-se-i2c")
    assert "ACME-ID-01" in call("plan", "virtual-se-i2c", "--suites", "acme")
    (known / "entry_points.txt").write_text("[harness.suites]\nacme = acme_gone\n")
    monkeypatch.syspath_prepend(str(tmp_path))  # what packages offer is read once for each path of imports
    said = call("plan", "virtual-se-i2c", "--suites", "acme", code=2)
    assert "--suites acme: acme_gone is no package with suites in it" in said
    said = call("plan", "virtual-se-i2c", "--suites", "acmi", code=2)
    assert "packages offer: acme" in said
