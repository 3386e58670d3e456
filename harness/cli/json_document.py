"""The one JSON document that a command prints with --json."""

import json
import sys
from collections.abc import Mapping


def print_json(document: Mapping[str, object]) -> None:
    """Print `document` on stdout; what has no plain JSON form is printed as its text."""
    text = json.dumps(document, ensure_ascii=False, indent=2, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # half a character, or a terminal of another alphabet
        text = json.dumps(document, indent=2, default=str)
    print(text)
