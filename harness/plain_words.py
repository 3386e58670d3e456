"""What typer and pydantic say about wrong values, in words that need no knowledge of them."""

import re

_PREFIX = re.compile(r"\bValue error, ")
_NOT_ONE_OF = re.compile(r"^('(?:[^'\\]|\\.)*') is not one of (.+?)\.?$", re.DOTALL)
_PLAIN = (
    (
        re.compile(r"Input should be a valid number(?:, .+)?$"),
        "it must be a number",
    ),
    (
        re.compile(r"Input should be a valid integer(?:, .+)?$"),
        "it must be a whole number",
    ),
    (
        re.compile(r"Input should be a valid boolean(?:, .+)?$"),
        "it must be yes or no",
    ),
    (
        re.compile(r"Input should be a valid (?:dictionary|mapping)(?: or .+)?$"),
        "it must be a mapping of names to values",
    ),
    (re.compile(r"Input should be a valid string"), "it must be text"),
    (re.compile(r"Extra inputs are not permitted"), "there is no such field"),
    (re.compile(r"Field required"), "it is missing"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"it must be \1 or more"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"it must be \1 or less"),
    (re.compile(r"String should have at least (\d+) characters?"), r"it must have \1 characters or more"),
    (re.compile(r"String should have at most (\d+) characters?"), r"it must have \1 characters or less"),
    (re.compile(r"Input should be "), "it must be "),
    (re.compile(r"<\w+\.\w+: ('[^']*')>"), r"\1"),  # a word of an enumeration
)


def plain(message: str) -> str:
    """Return a message of typer or pydantic in plain words; what is not known comes back as it is."""
    head, colon, tail = message.partition(": ") if message.startswith("Invalid value") else ("", "", "")
    body = _PREFIX.sub("", tail if colon else message)
    choices = _NOT_ONE_OF.match(body)
    if choices is not None:
        body = f"there is no {choices[1]}, only {_listed(choices[2])}"
    for pattern, words in _PLAIN:
        body = pattern.sub(words, body)
    return f"{head}: {body}" if colon else body


def _listed(quoted: str) -> str:
    names = re.findall(r"'([^']*)'", quoted)
    return quoted if not names else ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]
