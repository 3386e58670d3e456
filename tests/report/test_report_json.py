import json

import jsonschema
import pytest

from harness.report import json_report
from harness.report.model import load
from harness.report.records import RunReport

SCHEMA = json.loads(json_report.SCHEMA_FILE.read_bytes())


def test_the_published_schema_is_the_models_schema():
    assert json_report.SCHEMA_FILE.read_bytes() == json_report.schema(), (
        "publish it again: python -m harness.report.json_report"
    )


def test_the_published_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_report_follows_the_published_schema_and_reads_back(sample):
    report = load(sample)
    text = json_report.render(report)
    jsonschema.validate(json.loads(text), SCHEMA, cls=jsonschema.Draft202012Validator)
    assert RunReport.model_validate_json(text) == report


def test_the_report_of_a_damaged_run_follows_it_too(sample):
    (sample / "run.json").unlink()
    (sample / "journal.jsonl").write_bytes(b"garbage")
    text = json_report.render(load(sample))
    jsonschema.validate(json.loads(text), SCHEMA, cls=jsonschema.Draft202012Validator)


def test_another_shape_does_not_follow_it(sample):
    record = json.loads(json_report.render(load(sample)))
    for broken in (
        {**record, "schema_version": 2},
        {**record, "verdict": "fine"},
        {name: value for name, value in record.items() if name != "scenarios"},
        {**record, "more": 1},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_json_is_strict_and_says_utf8(sample):
    text = json_report.render(load(sample))
    json.loads(text.decode("utf-8"), parse_constant=pytest.fail)
    assert text.endswith(b"\n")
