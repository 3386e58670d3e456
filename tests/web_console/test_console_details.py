"""Technical details in Chinese: what the harness says in English is told in the person's language, whatever is in it."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

import harness
import harness.service.mock.console as package
from harness.errors import UsageError
from harness.id2.codes import ServiceCode
from harness.service.mock import seed
from harness.web.appearance import Appearance
from harness.web.language import Language
from tests.web_console.web_bench import Browser, good_json

ROOT = Path(harness.__file__).parent
LOOK = Appearance(Path(package.__file__).parent, root="/console", menu=())
TABLE = json.loads((Path(package.__file__).parent / "texts" / "details.zh.json").read_text())
SOURCES = [
    *sorted((ROOT / "service/mock/admin").glob("*.py")),
    *sorted((ROOT / "service/mock/store").glob("*.py")),
    *sorted((ROOT / "service/mock/importing").glob("*.py")),
    *(ROOT / "service/mock" / f"{name}.py" for name in ("faults", "seed", "token", "clock")),
    *(
        ROOT / "id2" / f"{name}.py"
        for name in (
            "adaptation",
            "authcode",
            "codecheck",
            "codetext",
            "diagnose",
            "ids",
            "keys",
            "kpm",
            "product_name",
            "report",
            "reportcheck",
        )
    ),
]
MESSAGE_AT = {"UsageError": 0, "Id2Error": 0, "BadFileError": 0, "Problem": 2, "_problem": 1, "_Wrong": 1}
# Of a place whose values have words of their own, one of them; any other value is one word.
SAMPLES = {
    "error": "this ID² is not known to the service",
    "why": "it is not text",
    "told": "service code 15: burn licence does not exist",
    "error.message": "it is not text",
    "wanted": "challenge",
    "what": "challenge",
    "code.type.meaning": "device code over a challenge, no extra",
    "given": "no extra was given",
    "name": "the ID in lower case",
    "self.name": "a message without the extra",
    "kpm.what": "KPM code",
    "keys.name": "n",
    "report.name": "args",
    "naming.what": "policy",
    "naming.why": "has 3 positions; it must have 4 to 30, where a Chinese character is two",
    "products.what": "a whitelist",
    "seed.what": "AccessKey x",
    "adaptation.why": "its JSON has no end within 64 KiB",
    "ids.what": "ID",
}


def sample(node, module: str) -> str | None:
    """Return what a message in the source may look like with values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp):
        parts = [sample(node.left, module), sample(node.right, module)]
        return None if None in parts else "".join(parts)
    if not isinstance(node, ast.JoinedStr):
        return None
    shown = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            shown.append(part.value)
        else:
            place = ast.unparse(part.value)
            shown.append(SAMPLES.get(f"{module}.{place}", SAMPLES.get(place, "7")))
    return "".join(shown)


def messages():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            at = MESSAGE_AT.get(name)
            if at is not None and len(node.args) > at and (text := sample(node.args[at], path.stem)):
                yield f"{path.name}:{node.lineno}", text


FOUND = dict(messages())


def told(message: str) -> str | None:
    return LOOK.said(Language.ZH, message)


def test_every_message_that_a_page_may_repeat_has_its_chinese():
    assert len(FOUND) > 150
    missing = {where: text for where, text in FOUND.items() if not told(text) or told(text) == text}
    assert missing == {}


@pytest.mark.parametrize(
    "text",
    [
        "access_keys:\n - {id: '', secret: x, policy: foo}\n",
        "devices:\n - {id: 1, key_type: foo, key: a, state: nope}\n",
        "products:\n - {product_secret: x, name: n, licences: -1, trial: maybe, region: 3, color: red, years: 2}\n",
        "products:\n - {licences: 9999999}\ndevices: 5\n",
        "- products\n",
    ],
)
def test_each_problem_of_a_seed_is_told_in_chinese(text):
    with pytest.raises(UsageError) as wrong:
        seed.parse(text, "F")
    assert re.findall(r"[a-z]{2,} [a-z]+", told(wrong.value.message) or "none of it") == []


def test_every_hint_of_a_code_has_its_chinese():
    for code in ServiceCode:
        assert code.value == 200 or told(code.hint), code
        assert told(code.meaning), code


def test_both_sides_have_the_same_places():
    for english, chinese in TABLE.items():
        places = [
            sorted(name for _, name, _, _ in string.Formatter().parse(side) if name)
            for side in (english, chinese)
        ]
        assert set(places[1]) <= set(places[0]), english
        assert re.search(r"[\u4e00-\u9fff]", chinese) or places[0], english


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x" * 100_000,
        "no such sentence",
        "ID " * 50_000,
        "{0}",
        "%s {x!r:>{y}}",
        "\ud800\u202e",
        "report: " * 400,
    ],
)
def test_a_text_that_is_no_message_of_ours_stays_and_costs_little(message):
    assert told(message) is None or "report" in message
    assert LOOK.said(Language.EN, message) == message


def test_values_are_kept_as_they_are():
    assert told("vendor <b>{0}\u202e is registered already") == "厂商 <b>{0}\u202e 已注册"
    nested = "device: ID 'AB' has 2 characters; an ID has 24 upper-case hex digits, or 25 to 48 characters in the PUF form"
    assert told(nested).endswith("个字符的 PUF 格式")


def test_details_of_a_verification_are_chinese_on_the_page(mock):
    visitor = Browser(mock, **{"Accept-Language": "zh"})
    bad = visitor.paste(
        "/console/adaptation", good_json().replace("8NOg6H0D", "8NOg6H0E").replace("3.1.0", "9.9.9")
    )
    assert "不是已知版本" in bad.text
    assert "SIGN 被改动" in bad.text or "SIGN 的第" in bad.text
    none = visitor.paste("/console/adaptation", "nothing")
    assert "文本中没有调试结果" in none.text
    assert 'lang="en"' not in re.sub(r'<a class="language".*?</a>', "", bad.html + none.html)
    visitor.close()


def test_hints_of_calls_and_refusals_are_chinese_on_the_page(mock):
    visitor = Browser(mock, **{"Accept-Language": "zh"})
    with mock.client() as service, pytest.raises(Exception, match="18"):
        service.get_server_random("0" * 24)
    assert "请擦除后重新空发" in visitor.get("/console/calls").text
    assert "服务中没有设备" in visitor.get(f"/console/devices/{'1' * 24}").text
    visitor.close()


def test_what_is_not_known_is_marked_as_english(mock):
    visitor = Browser(mock, **{"Accept-Language": "zh"})
    page = visitor.post(f"/console/devices/{'<script>' * 2}/state", state="burnt")
    assert "<script>" not in page.html
    visitor.close()
