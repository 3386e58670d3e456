"""Answers to operator steps, given from elsewhere: a file for each, of which the first one wins."""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LARGEST = 256 * 1024
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, as somebody gave it; its values are not checked yet, and may hold secrets.

    Attributes:
        by: Who says that he gave it.
        via: By what way: terminal, file, bench page …
        values: What he gave, by the names of the fields.
    """

    by: str
    via: str
    values: Mapping[str, str]


def give(answers: Path, ask: str, answer: Answer) -> bool:
    """Put an answer where the run that asks looks for it; False when there is one already.

    Args:
        answers: The campaign's folder of answers.
        ask: The question's name, as `operator_asks` tells it.
        answer: The answer.

    Raises:
        OSError: The folder cannot be written.
    """
    draft = answers / f".{secrets.token_hex(8)}.tmp"
    data = json.dumps({"by": answer.by, "via": answer.via, "values": dict(answer.values)}).encode()
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
        try:
            os.link(draft, _file(answers, ask))
        except FileExistsError:
            return False
    finally:
        with suppress(OSError):
            draft.unlink()
    return True


def take(answers: Path, ask: str) -> Answer | None:
    """Return the answer to a question, and remove its file; None when there is none yet.

    A file that is no answer is removed as well, so that another can be given.
    """
    path = _file(answers, ask)
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        forget(answers, ask)
        return None
    try:
        data = os.read(file, _LARGEST)
    except OSError:  # a folder
        return None
    finally:
        os.close(file)
    forget(answers, ask)
    try:
        read = json.loads(data)
        values = {str(name): str(value) for name, value in read["values"].items()}
        by, via = str(read.get("by", "")), str(read.get("via", "file"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Answer(by[:_LONGEST_NAME], via[:_LONGEST_NAME], values)


def forget(answers: Path, ask: str) -> None:
    """Remove the answer to a question that is over."""
    with suppress(OSError):
        _file(answers, ask).unlink()


def _file(answers: Path, ask: str) -> Path:
    return answers / f"{ask}.json"
