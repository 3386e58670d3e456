"""The JSON Schema of board files: what an editor completes from."""

from harness.board.models import BoardFile

SCHEMA_ID = "https://id2-harness.invalid/schema/board-file-1.json"
"""Name of the schema; it is not an address."""


def board_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a board file, with the description of every field."""
    schema: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
    }
    schema.update(BoardFile.model_json_schema())
    schema["title"] = "Board file"
    return schema
