"""The one JSON document that a command prints with --json."""

import json
from collections.abc import Mapping


def print_json(document: Mapping[str, object]) -> None:
    """Print `document` on stdout; what has no plain JSON form is printed as its text."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))
