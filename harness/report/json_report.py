"""`report.json`, and the JSON Schema that it follows.

After a change of the models, publish the schema again: `python -m harness.report.json_report`.
"""

import json
from pathlib import Path

from harness.report.once import once
from harness.report.records import RunReport
from harness.report.renderer import Renderer
from harness.report.words import Language

SCHEMA_FILE = Path(__file__).parent / "schema" / "report-1.json"
"""The published JSON Schema of `report.json`."""


class JsonReport(Renderer):
    """`report.json`: the whole run for programs."""

    writes = "report.json"

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        del language
        del folder
        return {self.writes: render(report)}


@once
def render(report: RunReport) -> bytes:
    """Return `report.json`."""
    return report.model_dump_json(indent=2).encode() + b"\n"


def schema() -> bytes:
    """Return the JSON Schema of the models as they are now."""
    body = RunReport.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:id2-harness:report:1",
        "title": "Report of an ID² harness run",
    }
    return json.dumps({**body, **head}, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_bytes(schema())
