"""The validation report: the JSON that the vendor's test program prints and the console verifies.

Writing it in the vendor's exact layout, cutting it out of a console, reading it. `reportcheck` judges it.

Source: device-protocol.md i.3; service.md 7.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from harness.id2.codetext import CODE_MAX
from harness.id2.errors import Id2Error, quoted

BANNER = "============ ID2 Validation Json Message ============:"
REPORT_VERSION = "1.0.0"
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
TIMESTAMP = "1512022279204"
EXTRA = "abcd1234"

API_ID = "id2_client_get_id"
API_CHALLENGE = "id2_client_get_challenge_auth_code"
API_TIMESTAMP = "id2_client_get_timestamp_auth_code"
API_KPM = "id2_client_kpm_get_auth_code"

TEXT_MAX = 64 * 1024
_ITEMS_MAX = 16
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character of UTF-16, which JSON can escape alone."""
_VALUE_MAX = 4096


class Layout(StrEnum):
    """How the vendor's versions lay the text out; the values are the same."""

    V3 = "3.x"
    V2 = "2.0"


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One call of the report.

    Attributes:
        api: Name of the function.
        args: Its arguments as pairs, in the order of the text.
        result: What it gave.
    """

    api: str
    args: tuple[tuple[str, str], ...]
    result: str

    def argument(self, name: str) -> str | None:
        """Return an argument, or None when the report does not have it."""
        return dict(self.args).get(name)


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """A validation report.

    Attributes:
        report_version: `1.0.0`.
        sdk_version: `3.1.0` and the like.
        date: Date and time of the build, as C writes them.
        items: The calls, in the order of the text.
    """

    report_version: str
    sdk_version: str
    date: str
    items: tuple[ReportItem, ...]

    def item(self, api: str) -> ReportItem | None:
        """Return the first call of a function, or None."""
        return next((item for item in self.items if item.api == api), None)

    @property
    def id2(self) -> str:
        """The identifier that the report gives; empty when it gives none."""
        item = self.item(API_ID)
        return item.result if item else ""


def build(
    id2: str,
    challenge_code: str,
    timestamp_code: str,
    *,
    kpm_code: str | None = None,
    challenge: str = CHALLENGE,
    timestamp: str = TIMESTAMP,
    extra: str = EXTRA,
    sdk_version: str = "3.1.0",
    date: str = "Nov 22 2026 18:00:21",
    layout: Layout = Layout.V3,
) -> str:
    """Write a report as the vendor's program prints it, byte for byte, without the banner.

    Args:
        id2: Result of the first item.
        challenge_code: Result of the second item, a code of type 2.
        timestamp_code: Result of the third item, a code of type 3.
        kpm_code: Result of the fourth item; None for a report of three. Version 2.0 has no fourth.
        challenge: Argument of the second item.
        timestamp: Argument of the third and fourth item.
        extra: Argument of the second and third item.
        sdk_version: As `3.1.0`.
        date: As `Nov 22 2026 18:00:21`.
        layout: Which version's layout.

    Raises:
        Id2Error: A value holds a quote, a backslash or a control character, which the program would print
            raw; or a fourth item in the layout of 2.0.

    Source: device-protocol.md i.3. The blank after the second item stands in reports of three items only.
    """
    head = {"reportVersion": REPORT_VERSION, "sdkVersion": sdk_version, "date": date}
    items = [
        _item_lines(API_ID, [], id2),
        _item_lines(
            API_CHALLENGE, [f'"challenge": "{challenge}",', f'"extra":     "{extra}"'], challenge_code
        ),
        _item_lines(
            API_TIMESTAMP, [f'"timestamp": "{timestamp}",', f'"extra":     "{extra}"'], timestamp_code
        ),
    ]
    if kpm_code is not None:
        if layout is Layout.V2:
            raise Id2Error("version 2.0 has no KPM item", field="kpm_code")
        items.append(_item_lines(API_KPM, [f'"timestamp": "{timestamp}"'], kpm_code))
    for name, value in (
        ("id2", id2),
        ("challenge_code", challenge_code),
        ("timestamp_code", timestamp_code),
        ("kpm_code", kpm_code or ""),
        ("challenge", challenge),
        ("timestamp", timestamp),
        ("extra", extra),
        ("sdk_version", sdk_version),
        ("date", date),
    ):
        _require_plain(name, value)
    lines = ["{", *(f'    "{name}": "{value}",' for name, value in head.items()), '    "testContent": [']
    return "\n".join([*lines, _join(items, layout), "    ]", "}"])


def on_console(text: str) -> str:
    """Return banner and report as the program prints them between its log lines."""
    return f"\n\n{BANNER}\n{text}\n\n"


def find(text: str) -> str | None:
    """Cut the first whole report out of a console's text; see `find_all`."""
    return next(iter(find_all(text)), None)


def find_all(text: str) -> tuple[str, ...]:
    """Cut every whole report out of a console's text.

    Each runs from the first `{` after a banner to the `}` that closes it, quotes respected, within 64 KiB.
    When no banner is there (a cut beginning), a report is recognised by its first name.

    Source: device-protocol.md i.3.
    """
    found = []
    mark, before = BANNER.rstrip(":"), False
    if mark not in text:
        mark, before = '"reportVersion"', True
    position = text.find(mark)
    while position >= 0:
        after = position + len(mark)
        start = (
            text.rfind("{", max(0, position - 256), position)
            if before
            else text.find("{", after, after + 1024)
        )
        end = _closing(text, start) if start >= 0 else -1
        if end >= 0:
            found.append(text[start:end])
        position = text.find(mark, max(after, end))
    return tuple(found)


def parse(text: str) -> ValidationReport:
    """Read a report in any layout.

    Args:
        text: The JSON alone, without banner; at most 64 KiB.

    Raises:
        Id2Error: Too long, no JSON, a name twice, or a part missing or of the wrong kind; `field` is the
            path.

    Source: device-protocol.md i.3.
    """
    if len(text) > TEXT_MAX:
        raise Id2Error(f"report has {len(text)} characters; the limit is {TEXT_MAX}", field="report")
    try:
        loaded: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        # Some of these messages expect the position behind them.
        why = error.msg.removesuffix(" at").removesuffix(" starting")
        raise Id2Error(
            f"report is not JSON at position {error.pos}: {why}", field="report", position=error.pos
        ) from None
    except Id2Error:
        raise
    except (ValueError, RecursionError):
        raise Id2Error("report is not JSON that a device prints", field="report") from None
    top = _mapping(loaded, "report")
    _only(top, ("reportVersion", "sdkVersion", "date", "testContent"), "report")
    content = top["testContent"]
    if not isinstance(content, list) or not 1 <= len(content) <= _ITEMS_MAX:
        raise Id2Error(f"report: testContent must be a list of 1 to {_ITEMS_MAX} items", field="testContent")
    return ValidationReport(
        _text(top["reportVersion"], "reportVersion"),
        _text(top["sdkVersion"], "sdkVersion"),
        _text(top["date"], "date"),
        tuple(_parse_item(item, f"testContent[{index}]") for index, item in enumerate(content)),
    )


def _parse_item(value: object, path: str) -> ReportItem:
    item = _mapping(value, path)
    _only(item, ("api", "args", "result"), path)
    args = _mapping(item["args"], f"{path}.args")
    return ReportItem(
        _text(item["api"], f"{path}.api"),
        tuple((name, _text(given, f"{path}.args.{quoted(name, 24)}")) for name, given in args.items()),
        _text(item["result"], f"{path}.result"),
    )


def _item_lines(api: str, args: list[str], result: str) -> list[str]:
    inside = [
        f'"api": "{api}",',
        '"args": {',
        *(f"    {line}" for line in args),
        "},",
        f'"result": "{result}"',
    ]
    return [f"            {line}" for line in inside]


def _join(items: list[list[str]], layout: Layout) -> str:
    bodies = ["\n".join(lines) for lines in items]
    if layout is Layout.V2:
        return "        {\n" + "\n        }, {\n".join(bodies) + "\n        }"
    text = ""
    for index, body in enumerate(bodies):
        last = index == len(bodies) - 1
        blank = " " if index == 1 and len(bodies) == 3 else ""
        text += "        {\n" + body + "\n        }" + ("" if last else f",{blank}\n")
    return text


def _require_plain(name: str, value: str) -> None:
    for position, char in enumerate(value):
        if char in '"\\' or not char.isprintable():
            raise Id2Error(
                f"report: {name} holds {quoted(char)}, which breaks its JSON", field=name, position=position
            )


def _closing(text: str, start: int) -> int:
    """Return the offset behind the brace that closes the one at `start`, or -1 within the limit."""
    depth, quoting, escaped = 0, False, False
    for offset in range(start, min(len(text), start + TEXT_MAX)):
        char = text[offset]
        if quoting:
            quoting = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoting = True
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return offset + 1
    return -1


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for name, value in pairs:
        if _HALF.search(name):
            raise Id2Error("report: a name holds half a character, which no program prints", field="report")
        if name in result:
            raise Id2Error(f"report: {quoted(name, 24)} stands there twice", field="report")
        result[name] = value
    return result


def _no_constant(name: str) -> object:
    raise Id2Error(f"report: {name} is not JSON", field="report")


def _mapping(value: object, path: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Id2Error(f"report: {path} must be an object in braces", field=path)
    return value


def _only(value: dict[str, object], names: tuple[str, ...], path: str) -> None:
    for name in names:
        if name not in value:
            raise Id2Error(f"report: {path} has no {name}", field=f"{path}.{name}")
    for name in value:
        if name not in names:
            raise Id2Error(f"report: {path} has {quoted(name, 24)}, which no report has", field=path)


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise Id2Error(f"report: {path} must be text", field=path)
    if _HALF.search(value):
        raise Id2Error(f"report: {path} holds half a character, which no program prints", field=path)
    if len(value) > max(_VALUE_MAX, CODE_MAX):
        raise Id2Error(f"report: {path} has {len(value)} characters; the limit is {_VALUE_MAX}", field=path)
    return value
