"""Drafts a dialect out of a session with a module: what is recognised becomes a template, the rest is marked.

An ID is known by its form, an auth code by its own, and the challenge or timestamp of a code stands in it: so its place
in the command is found, in text, hex or base64. Everything else is left to a person with the module's manual.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from harness.carrier.at.dialect import VERSION, Function
from harness.transport.printable import safe_text

FILL_IN = "FILL-IN"
_COMMAND = re.compile(r"(?:>\s*|\$\s*)?(AT(?:[+^#$%&*!][\w+^]*.*)?)", re.IGNORECASE)
_FINALS = re.compile(r"OK|DONE|SEND OK|SUCCESS")
_ERRORS = re.compile(r"(?:ERROR|FAIL|\+?CM[ES] ERROR)\b.*|.*\bERR(?:OR)?\b.*", re.IGNORECASE)
_READY = re.compile(r"RDY|APP RDY|PB DONE|SMS DONE|Call Ready|\*ATREADY: 1|\^SYSSTART")
_CODE = re.compile(r"(?P<type>[0-3])~\d~[0-9A-F]{16}~(?P<random>[^~]{1,32})~[A-Za-z0-9+/]+=*")
_ID = re.compile(r"(?<![0-9A-F])[0-9A-F]{24}(?![0-9A-F])")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_MOST = 400  # exchanges
_WIDTH = 120


@dataclass(slots=True)
class Exchange:
    """A command and what came after it, up to the next one."""

    command: str
    lines: list[str] = field(default_factory=list)


def exchanges(lines: Iterable[str]) -> Iterator[Exchange]:
    """Cut the lines of a terminal log, or of both directions in order, into commands and what they got."""
    current: Exchange | None = None
    for raw in lines:
        line = raw.strip()
        found = _COMMAND.fullmatch(line)
        if found and not (current is not None and line.endswith(current.command) and not current.lines):
            if current is not None:
                yield current
            current = Exchange(found[1])
        elif line and current is not None:
            current.lines.append(line)
    if current is not None:
        yield current


def draft(lines: Iterable[str], name: str) -> str:
    """Return the YAML text of a dialect, as far as a session shows it.

    Args:
        lines: What was sent and what came, in order.
        name: What the dialect is to be called.
    """
    seen = [one for _, one in zip(range(_MOST), exchanges(lines), strict=False)]
    finals = Counter(line for one in seen for line in one.lines if _FINALS.fullmatch(line))
    errors = {
        re.sub(r"-?\d+\s*$", "{code}", line) for one in seen for line in one.lines if _ERRORS.fullmatch(line)
    }
    ready = sorted({line for one in seen for line in one.lines if _READY.fullmatch(line)})
    ok = finals.most_common(1)[0][0] if finals else "OK"
    known: dict[Function, tuple[str, str]] = {}
    unknown: list[Exchange] = []
    for one in seen:
        found = _recognised(one)
        if found is None:
            unknown.append(one)
        else:
            known.setdefault(found[0], found[1:])
    text = [
        f"# Drafted from a session. Replace each {FILL_IN} by what the manual says, and delete what is no ID2.",
        f"version: {VERSION}",
        f"name: {_quoted(name)}",
        f"ok: {_quoted(ok)}",
        f"error: [{', '.join(_quoted(_escaped_but_code(one)) for one in sorted(errors)) or _quoted('ERROR')}]",
        f"ready: [{', '.join(map(_quoted, ready))}]",
        "urc: []  # beginnings of lines that come unasked",
        "errors: {}  # code of the module: result code of the API, such as 3: -3",
        "commands:",
    ]
    for function in (Function.GET_ID, Function.GET_CHALLENGE_AUTH_CODE, Function.GET_TIMESTAMP_AUTH_CODE):
        send, answer = known.get(function, (FILL_IN, FILL_IN + "{value}"))
        text.append(f"  {function}: {{send: {_quoted(send)}, answer: {_quoted(answer)}}}")
    sent, came = _quoted(FILL_IN + "{cipher:hex}"), _quoted(FILL_IN + "{value:hex}")
    text.append(f"  {Function.DECRYPT}: {{send: {sent}, answer: {came}}}")
    for one in unknown:
        shown = " / ".join(safe_text(_masked(line), _WIDTH) for line in one.lines[:3])
        text.append(f"  # {FILL_IN}: {safe_text(_masked(one.command), _WIDTH)} -> {shown}")
    return "\n".join(text) + "\n"


def _recognised(one: Exchange) -> tuple[Function, str, str] | None:
    for line in one.lines:
        for plain, form in _readings(line):
            code = _CODE.search(plain)
            if code is not None:
                stamp = code["type"] in "13"
                function = Function.GET_TIMESTAMP_AUTH_CODE if stamp else Function.GET_CHALLENGE_AUTH_CODE
                argument = "timestamp" if stamp else "challenge"
                return (
                    function,
                    _with_random(one.command, code["random"], argument, with_extra=code["type"] in "23"),
                    _with_value(line, code[0], form),
                )
            found = _ID.search(plain)
            if found is not None and "=" not in one.command:
                return Function.GET_ID, _escaped(one.command), _with_value(line, found[0], form)
    return None


def _readings(line: str) -> Iterator[tuple[str, str]]:
    """Give a line as it stands, and what stands in it in base64 or hex."""
    yield line, "text"
    for found in _BASE64.finditer(line):
        for form, read in (("hex", bytes.fromhex), ("base64", base64.b64decode)):
            try:
                plain = read(found[0]).decode("ascii")
            except ValueError:
                continue
            if plain.isprintable():
                yield plain, form


def _with_value(line: str, value: str, form: str) -> str:
    written = _written(value, form)
    mark = "{value}" if form == "text" else f"{{value:{form}}}"
    at = line.lower().find(written.lower()) if form == "hex" else line.find(written)
    return _escaped(line) if at < 0 else _escaped(line[:at]) + mark + _escaped(line[at + len(written) :])


def _with_random(command: str, random: str, argument: str, *, with_extra: bool) -> str:
    for form in ("text", "hex", "base64"):
        written = _written(random, form)
        at = command.upper().find(written.upper())
        if at >= 0:
            mark = f"{{{argument}}}" if form == "text" else f"{{{argument}:{form}}}"
            rest = command[at + len(written) :]
            end = f"{_escaped(rest[:1])}[,{FILL_IN} {{extra:hex}}]" if with_extra else _escaped(rest)
            return _escaped(command[:at]) + mark + end
    return f"{FILL_IN} {{{argument}}}"


def _written(value: str, form: str) -> str:
    if form == "hex":
        return value.encode().hex().upper()
    return base64.b64encode(value.encode()).decode() if form == "base64" else value


def _escaped(text: str) -> str:
    return re.sub(r"([\[\]{}])", r"\1\1", text)


def _escaped_but_code(text: str) -> str:
    return _escaped(text).replace("{{code}}", "{code}")


def _masked(text: str) -> str:
    """Return a line without what may be a secret in it."""
    return re.sub(r"[0-9A-Za-z+/]{16,}=*", "…", text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)
