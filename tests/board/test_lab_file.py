"""What only people know: the `report:` of a board file, that of a lab file, and both in one."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.board.reading.file import load
from harness.board.reading.lab import lab_of, lab_schema, load_lab, told
from harness.cli.main import invoke
from harness.errors import UsageError
from harness.settings.particulars import Particulars, combined

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "lab.yaml"
TODAY = datetime.now(UTC).date()

WRONG = {
    "unknown section": (
        "version: 1\nreports: {}\n",
        "2: reports: unknown key; did you mean 'report'?",
    ),
    "unknown field": (
        "version: 1\nreport:\n  costumer: {}\n",
        "3: report.costumer: unknown key; did you mean 'customer'?",
    ),
    "deep": (
        "version: 1\nreport:\n  item:\n    name: x\n    serial: [1]\n",
        "5: report.item.serial: unknown key; did you mean 'serial_numbers'?",
    ),
    "version": ("version: 2\n", "1: version: is 2; this harness reads version 1"),
    "no version": ("report: {}\n", "version: is missing"),
    "seconds as a date": (
        "version: 1\nreport:\n  item: {received: 1700000000}\n",
        "3: report.item.received: must be a date: year, month and day as YYYY-MM-DD",
    ),
    "moment as a date": (
        "version: 1\nreport:\n  item: {received: 2026-11-01T00:00:00}\n",
        "3: report.item.received: must be a date",
    ),
    "no such day": (
        "version: 1\nreport:\n  item: {received: 2026-02-30}\n",
        "3: report.item.received: there is no such day in the calendar",
    ),
    "language": (
        "version: 1\nreport: {language: zn}\n",
        "2: report.language: 'zn' is not a valid word here; valid: en, zh",
    ),
    "digest": (
        "version: 1\nreport:\n  replaces: {number: x, reason: y, sha256: ABC}\n",
        "3: report.replaces.sha256: must be a SHA-256: 64 lower-case hexadecimal digits",
    ),
    "due first": (
        (
            "version: 1\nreport:\n  instruments:\n    - {name: a}\n"
            "    - {name: b, calibrated: 2026-06-02, due: 2026-06-01}\n"
        ),
        "5: report.instruments[1].due: is before the calibration itself, 2026-06-02",
    ),
    "one text": (
        "version: 1\nreport: {deviations: none}\n",
        "2: report.deviations: must be a list, such as [one, two]",
    ),
    "left empty": ("version: 1\nreport:\n  number:\n", "3: report.number: is empty"),
    "bidirectional override": (
        'version: 1\nreport: {number: "A\\u202Egnp"}\n',
        "2: report.number: holds control characters",
    ),
    "a list": ("- version\n", "1: a lab file is a mapping of sections"),
    "nothing": ("# nothing\n", "the file is empty; a lab file starts with `version: 1`"),
    "a key twice": (
        "version: 1\nreport: {}\nreport: {}\n",
        "report: written twice; the first is on line 2",
    ),
}


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_a_wrong_lab_file_says_where(tmp_path, text, problem):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_lab(file)
    assert caught.value.message.startswith(f"{file}:")
    assert problem in caught.value.message


def test_the_same_is_refused_in_a_board_file(refusal, sound):
    assert "lab.yaml:7: report.costumer: unknown key" in refusal(f"{sound}report: {{costumer: {{}}}}\n")
    assert "lab.yaml:7: report.item.received: must be a date" in refusal(
        f"{sound}report: {{item: {{received: tomorrow}}}}\n"
    )
    wrong = "report:\n  instruments: [{name: a, calibrated: 2026-06-02, due: 2026-06-01}]\n"
    assert "lab.yaml:8: report.instruments[0].due: is before the calibration" in refusal(sound + wrong)


@pytest.mark.parametrize("written", ["2026-11-01", '"2026-11-01"', "'2026-11-01'"])
def test_a_date_needs_no_quotes_and_may_have_them(load_text, sound, written):
    board = load_text(f"{sound}report: {{item: {{received: {written}}}}}\n")
    assert board.report.item.received == date(2026, 11, 1)
    assert board.as_used()["report"] == {"item": {"received": "2026-11-01"}}


def test_what_reads_as_a_number_stays_as_it_is_written(load_text, sound):
    text = f"{sound}report: {{number: 007, revision: 1.10, item: {{firmware_version: no}}}}\n"
    said = load_text(text).report
    assert (said.number, said.revision, said.item.firmware_version) == ("007", "1.10", "no")


def test_a_section_without_a_line_says_nothing(load_text, sound, tmp_path):
    assert load_text(f"{sound}report:\n").report == Particulars()
    assert "report" not in load_text(f"{sound}report:\n").as_used()
    (tmp_path / "empty.yaml").write_text("version: 1\nreport:\n  # number: 1\n")
    assert load_lab(tmp_path / "empty.yaml").report == Particulars()


def test_the_word_of_the_board_goes_before_that_of_the_lab(load_text, sound, tmp_path):
    board = load_text(
        f"{sound}report:\n  number: B-1\n  place: ''\n  item: {{name: Lock}}\n  customer: {{name: Ours}}\n"
        "  laboratory: {contact: other}\n  deviations: []\n"
    ).report
    (tmp_path / "l.yaml").write_text(
        "version: 1\nreport:\n  number: L-1\n  revision: C\n  place: Bench 1\n  item: {name: Any, sdk: '3.1'}\n"
        "  customer: {name: Theirs, address: Their Street}\n  laboratory: {name: Lab, contact: us}\n"
        "  deviations: [one]\n  tester: T\n"
    )
    both = combined(board, load_lab(tmp_path / "l.yaml").report)
    assert (both.number, both.revision, both.place, both.tester) == ("B-1", "C", "", "T")
    assert (both.item.name, both.item.sdk) == ("Lock", "3.1")
    assert (both.customer.name, both.customer.address) == ("Ours", ""), "no address of another organisation"
    assert (both.laboratory.name, both.laboratory.contact) == ("Lab", "other")
    assert both.deviations == ()
    assert Particulars.model_validate_json(both.model_dump_json(exclude_defaults=True)) == both


def test_doubts_are_warnings(load_text, sound, tmp_path):
    text = (
        "report:\n  tester: A. One\n  approver: A. One\n"
        f"  item: {{received: {TODAY + timedelta(days=9)}}}\n"
        "  instruments:\n    - {name: scope, due: 2020-01-01}\n"
        f"    - {{name: meter, calibrated: {TODAY + timedelta(days=9)}}}\n"
        "    - {name: FILL-IN}\n"
    )
    expected = [
        ":9: report.approver: is the tester too",
        ":10: report.item.received: the day is still to come",
        ":12: report.instruments[0].due: the calibration of 'scope' was due on that day",
        ":13: report.instruments[1].calibrated: the day is still to come",
        ":14: report.instruments[2].name: is still to be filled in",
    ]
    warnings = [each for each in load_text(sound + text).warnings if ": report." in each]
    assert len(warnings) == len(expected)
    for warning, part in zip(warnings, expected, strict=True):
        assert part in warning
    (tmp_path / "l.yaml").write_text(f"version: 1\n{text}")
    source = load_lab(tmp_path / "l.yaml").source
    assert len(source.warnings) == len(expected)
    assert source.left == ("report.instruments[2].name (line 9)",)


def test_the_file_of_the_working_folder_takes_part_and_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert lab_of(None).report == Particulars()
    assert told(lab_of(None)) == ""
    Path("lab.yaml").write_text("version: 1\nreport: {place: here}\n")
    Path("other.yaml").write_text("version: 1\nreport: {place: there}\n")
    assert lab_of(None).report.place == "here"
    assert "lab.yaml lies in the working folder" in told(lab_of(None))
    assert lab_of(Path("other.yaml")).report.place == "there"
    assert told(lab_of(Path("other.yaml"))) == ""
    Path("lab.yaml").write_text("nonsense: 1\n")
    with pytest.raises(UsageError) as caught:
        lab_of(None)
    assert "--lab FILE names another" in caught.value.hint
    Path("lab.yaml").unlink()
    Path("lab.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(UsageError, match="no such file"):
        lab_of(None)
    with pytest.raises(UsageError, match="no such file"):
        lab_of(Path("missing.yaml"))


def test_the_example_fits_its_schema_and_the_shipped_board():
    schema = lab_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    # JSON knows no dates: an editor takes them as text.
    data = json.loads(json.dumps(yaml.safe_load(EXAMPLE.read_text()), default=str))
    jsonschema.validate(data, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data | {"reports": {}}, schema)
    lab, board = load_lab(EXAMPLE), load(ROOT / "boards" / "virtual-se-i2c.yaml")
    assert (lab.source.warnings, board.warnings) == ((), ())
    both = combined(board.report, lab.report)
    assert both.laboratory.name == "Example Laboratory"
    assert both.item.serial_numbers == (board.device.serial_number,)


def test_boards_check_checks_the_lab_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    board = str(ROOT / "boards" / "virtual-se-i2c.yaml")
    assert invoke(["boards", "check", board, f"--lab={EXAMPLE}"]) == 0
    assert capsys.readouterr().out == f"{board}: ok\n{EXAMPLE}: ok\n"
    Path("lab.yaml").write_text("version: 1\nreport:\n  numbr: 1\n")
    assert invoke(["boards", "check", board]) == 2
    said = capsys.readouterr()
    assert said.out == f"{board}: ok\n"
    assert "lab.yaml:3: report.numbr: unknown key; did you mean 'number'?" in said.err
    assert invoke(["boards", "check", f"--lab={EXAMPLE}"]) == 0
    assert capsys.readouterr().out == f"{EXAMPLE}: ok\n"
    assert invoke(["boards", "check"]) == 2
    assert "name board files, or a lab file by --lab FILE" in capsys.readouterr().err
    assert invoke(["boards", "schema", "--lab"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Lab file"


@pytest.mark.parametrize(
    "keys", ["version: 1\nhosts: {}\n", "version: 1\nreport: {}\nboards: []\nhost: {}\n"]
)
def test_a_lab_file_where_a_board_file_is_wanted_is_called_one(tmp_path, keys):
    (tmp_path / "desk.yaml").write_text(keys)
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "desk.yaml")
    assert caught.value.message == (
        f"{tmp_path}/desk.yaml: is a lab file, not a board file; --lab names it, as in "
        f"`harness boards check --lab {tmp_path}/desk.yaml`"
    )


def test_a_board_file_with_a_key_of_labs_is_called_none(tmp_path):
    (tmp_path / "one.yaml").write_text("version: 1\nname: one\nhosts: {}\n")
    with pytest.raises(UsageError, match=r"one\.yaml:3: hosts: unknown key"):
        load(tmp_path / "one.yaml")
