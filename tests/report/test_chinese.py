# ruff: noqa: RUF001 - punctuation of Chinese
"""The words of a report in Chinese: nothing is missing, nothing is left over, and names stay what they are."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from harness.board.plan.applies import evaluate, facts_of
from harness.board.plan.facts import VOCABULARY
from harness.board.reading.file import load
from harness.fixtures.catalogue import scenarios_of
from harness.id2.codes import ItlsAlert
from harness.id2.defects import DEFECTS
from harness.itls.misbehaviour.catalogue import MISBEHAVIOURS, alert, cut
from harness.operator.steps import STEPS
from harness.patterns import Template
from harness.report.words import language
from tests.report.words_used import said_by_reports, said_in, shape, written_into_journals

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "harness/report/words/zh").glob("*.json"))

HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
PLACE = re.compile(r"\{(\w*)[^{}]*\}")

# What is written the same in both languages: names of functions and files, codes, numbers, abbreviations.
NAME = re.compile(r"\w*_\w+|\w*\d\w*|[A-Z]{2,}\w*|[A-Z]?[a-z]+[A-Z]\w*")

# English that is the same in Chinese.
SAME = {"{title} [{parameters}]", "ID²", "Python", "SDK", "SHA-256"}


def words(path):
    return json.loads(path.read_text(encoding="utf-8"))


def every_entry():
    return [(path.name, text, said) for path in CATALOGUES for text, said in words(path).items()]


def titles_of_suites():
    return {"{title} [{parameters}]"} | {
        declared.title
        for path in sorted((ROOT / "suites").rglob("test_*.py"))
        for declared in scenarios_of(path).values()
    }


@cache
def requirements_of_suites():
    return yaml.load((ROOT / "suites/requirements.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)


def statements_of_suites():
    return {each["statement"] for each in requirements_of_suites()}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("suites-requirements", statements_of_suites), ("suites-scenarios", titles_of_suites)],
)
def test_catalogue_of_the_suites_has_each_text_and_no_other(name, wanted):
    said, asked = set(words(ROOT / f"harness/report/words/zh/{name}.json")), wanted()
    assert not asked - said, "without Chinese"
    assert not said - asked, "no suite says this any more"


def test_every_text_of_the_reports_has_chinese():
    known = {text for _, text, _ in every_entry()}
    assert not said_by_reports() - known


def test_frame_has_no_text_that_no_report_says():
    assert not set(words(ROOT / "harness/report/words/zh/frame.json")) - said_by_reports()


# Templates that are put together of several: by harness.board.plan.applies, fixtures/port/client.py,
# harness.portcheck.clock, harness.id2.randomness, harness.operator.prompts with fixtures/session.py, fixtures/business.py.
COMPOSED = {
    "left out by --quick: {known_titles}",
    "plan.{word_field}: {word_value}",
    "{word_field}: {list_values}, without {word_value}",
    "{word_field}: {word_values}, not {word_value}",
    "the firmware has no {word_name}",
    "the firmware has no {word_name} and declaration.features does not list {word_feature}",
    "{word_name} answers {word_rc}, not supported",
    "{word_name} answers {word_rc}, not supported and declaration.features does not list {word_feature}",
    "it is {word_n} s ahead of the clock of this computer",
    "it is {word_n} s behind the clock of this computer",
    "{known_kind}, {word_n} values: too few to judge",
    "carrier: nothing leads to the module; write a carrier section, or {known_todo}",
    "chip: the harness reaches none; wire it to this computer (boards/example-se-i2c.yaml), or {known_todo}",
    "probe: none is in the firmware; {known_todo}",
    "operator step {word_step}: {known_title}; answered by {source}: {values} (operator: {tester})",
    "{known_message}; needed: {list_fields} (operator: {tester})",
    "the server accepted the device ({detail}); service calls: {calls}; device: {asked}",
    "the server did not accept the device ({detail}); service calls: {calls}; device: {asked}",
}


@pytest.mark.parametrize("name", ["reasons", "findings", "measurements", "notes"])
def test_catalogue_of_journals_has_no_text_that_nothing_writes(name):
    texts = {text: shape(text) for text in words(ROOT / f"harness/report/words/zh/{name}.json")}
    assert not {text for text, form in texts.items() if form not in written_into_journals()} - COMPOSED


def test_every_hint_in_chinese_is_given_somewhere():
    folders = [path for path in (ROOT / "harness").iterdir() if path.is_dir() and not path.is_symlink()]
    sources = [path for folder in (*folders, ROOT / "fixtures") for path in sorted(folder.rglob("*.py"))]
    given = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    given = re.sub(r'"\s+"', "", given)  # a literal over several lines
    assert not {hint for hint in words(ROOT / "harness/report/words/zh/hints.json") if hint not in given}


def test_every_reason_of_the_vocabulary_has_chinese():
    say = language("zh")
    texts = {text for word in VOCABULARY.values() for text in (word.meaning, word.otherwise) if text}
    assert not {text for text in texts if not say.knows(text)}


def test_every_reason_that_excludes_a_board_of_ours_has_chinese():
    say = language("zh")
    boards = [facts_of(load(path)) for path in sorted((ROOT / "boards").glob("*.yaml"))]
    decided = [
        evaluate(applies_when, facts)
        for applies_when in {each["applies_when"] for each in requirements_of_suites()}
        for facts in boards
    ]
    against = {one.reason for one in decided if not one.applies}
    assert len(against) > 50
    assert not {reason for reason in against if not say.knows(reason)}


def test_every_known_defect_has_chinese():
    say = language("zh")
    assert not {each.title for each in DEFECTS if not say.knows(f"known defect of SDK 3.1.0: {each.title}")}


def test_what_a_server_of_a_link_does_wrong_and_each_alert_have_chinese_and_nothing_else_is_there():
    every = (*MISBEHAVIOURS.values(), alert(ItlsAlert.NO_QUOTA), cut(137))
    accepted = [(each.summary, each.expected) for each in every]
    texts = [text for both in accepted for text in both]
    texts += [f"{each} The board goes on all the same. What it must do: {must}" for each, must in accepted]
    texts += [each.meaning for each in ItlsAlert]
    say = language("zh")
    assert not {text for text in texts if not say.knows(text)}
    assert not {text for text in texts if re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", say(text))}
    templates = [
        Template.of(text, said) for text, said in words(ROOT / "harness/report/words/zh/link.json").items()
    ]
    assert not {each for each in templates if all(each.values(text) is None for text in texts)}


CONSTANT = {"title", "detail", "reason", "why"}
"""Arguments that a journal keeps, and a report tells."""


def test_every_constant_title_detail_and_reason_has_chinese():
    say, found = language("zh"), set()
    for place in ("fixtures", "suites", "harness/logcheck", "harness/board", "harness/run"):
        for path in sorted((ROOT / place).rglob("*.py")):
            calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
            for call in calls:
                given = {each.value for each in call.keywords if each.arg in CONSTANT}
                if isinstance(call.func, ast.Attribute) and call.func.attr == "find":
                    given |= {*call.args[2:4]}
                found |= {
                    each.value
                    for each in given
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    assert len(found) > 30
    assert not {text for text in found if " " in text and not say.knows(text)}


def test_what_became_of_an_operator_step_has_chinese():
    say = language("zh")
    for step in STEPS.values():
        assert say.knows(step.title), step.title
        for source in ("the terminal", "the file of answers", "anna (bench page)"):
            for tester in ("", " (operator: T. Example)"):
                told = say(
                    f"operator step {step.id}: {step.title}; answered by {source}: result = done{tester}"
                )
                assert re.fullmatch(
                    r"操作步骤 [a-z-]+：.+；答复来自.+：result = done(（操作员：T. Example）)?", told
                )
                assert not re.search("[a-z]{3,} [a-z]{3,} [a-z]{3,}", told), told
        absent = f"operator step {step.id} ({step.title}): nobody answered in time"
        for text in (
            absent,
            f"{absent}; needed: result",
            f"{absent}; needed: result, image (operator: T. Example)",
        ):
            assert re.match(r"操作步骤 [a-z-]+（.+）：没有人在时限内答复", say(text)), text


def test_whoever_must_act_has_chinese():
    say = language("zh")
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "harness").rglob("*errors.py"))]
    acting = {person for source in sources for person in re.findall(r'who_acts\b.* = "(.+)"', source)}
    assert len(acting) > 5
    assert not {person for person in acting if not say.knows(person)}


def test_texts_given_to_a_language_are_found():
    source = """
TITLES = {"a": "in a table"}
NAME: str = "a constant"
def told(context, say, words):
    say("literal", n=1)
    context.say("attribute" if words else "either")
    say(TITLES[words])
    say(NAME)
    ", ".join(map(say, ("mapped",)))
    other(say, "handed along")
    other("not handed along")
"""
    assert said_in(source) == {
        *("literal", "attribute", "either", "in a table", "a", "a constant", "mapped", "handed along")
    }


def test_no_text_has_two_translations():
    seen = {}
    for name, text, said in every_entry():
        assert seen.setdefault(text, (name, said)) == (name, said), f"{text!r} stands in two catalogues"


def test_places_are_the_same_in_both_languages():
    wrong = [
        text
        for _, text, said in every_entry()
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(said))
        or len(set(PLACE.findall(text))) < len(PLACE.findall(text))
    ]
    assert not wrong


def test_names_and_numbers_are_the_same_in_both_languages():
    assert not {text: lost for _, text, said in every_entry() if (lost := lost_names(text, said))}


def lost_names(text, said):
    """Return the names and digits of `text` that its translation lacks."""
    if text.isupper() and " " in text:
        return []  # plain words in capitals
    places = {match.group() for match in PLACE.finditer(text)}
    for place in places:
        text = text.replace(place, " ")
    names = (re.sub(r"(?<=[A-Z])s$", "", name) for name in NAME.findall(text))
    return [name for name in dict.fromkeys(names) if name not in said]


@pytest.mark.parametrize(
    ("text", "said", "lost"),
    [
        ("refused with 6D00 by ls_hal_get_random", "被 ls_hal_get_random 拒绝并返回 6D00", []),
        ("refused with 6D00 by ls_hal_get_random", "被拒绝并返回 6D0", ["6D00", "ls_hal_get_random"]),
        ("limits.drift_ppm of SHA-256", "SHA-256 的 limits.drift_ppm", []),
    ],
)
def test_a_lost_name_is_seen(text, said, lost):
    assert lost_names(text, said) == lost


# Halves of a pair that Chinese sets full-width beside Han characters, and quotes that are straight.
HALF_WIDTH = re.compile(rf"{HAN}\s*[,.;:!?()]|[,;:!?()]\s*{HAN}|[\"']")
NO_SPACE = re.compile(rf"{HAN}[A-Za-z0-9{{]|[A-Za-z0-9}}²]{HAN}")
SPACE_BY_FULL_WIDTH = re.compile(r"\s[，。；：！？（）、“”]|[，。；：！？（）、“”]\s")
SPACE_IN_CHINESE = re.compile(rf"{HAN} +{HAN}|  ")


def typography(said):
    """Return what is wrong with the setting of a Chinese text; empty when it is right."""
    said = re.sub(r"\{known_\w+\}", "字", said)  # which is Chinese itself
    if not re.search(HAN, said):
        return ""
    for rule, wrong in {
        "half-width punctuation beside Chinese": HALF_WIDTH,
        "no space between Chinese and Latin": NO_SPACE,
        "a space beside full-width punctuation": SPACE_BY_FULL_WIDTH,
        "a space inside of Chinese": SPACE_IN_CHINESE,
    }.items():
        if found := wrong.search(said):
            return f"{rule}: {found.group()!r}"
    return ""


def test_chinese_is_set_as_chinese():
    assert not {said: wrong for _, _, said in every_entry() if (wrong := typography(said))}


@pytest.mark.parametrize(
    "said",
    [
        "通过,不通过",
        "说“是” (1)",
        "设备ID",
        "版本 3的",
        "通过 。",
        "设备 认证",
        '"通过"',
        "{n}项",
        "共 {n} 项  通过",
    ],
)
def test_bad_setting_is_seen(said):
    assert typography(said)


def test_characters_are_simplified():
    traditional = {
        (text, each)
        for _, text, said in every_entry()
        for each in re.findall(HAN, said)
        if not in_gb2312(each)
    }
    assert not traditional


def in_gb2312(character):
    """Return whether GB/T 2312 has it: simplified characters alone."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def test_traditional_characters_are_seen():
    assert not in_gb2312("證")
    assert in_gb2312("证")


def test_no_text_stays_english():
    assert not {text for _, text, said in every_entry() if text == said} ^ SAME


def test_title_of_a_scenario_with_parameters_is_told():
    say = language("zh")
    title = "A server that cannot prove itself is refused [wrong-server-code]"
    assert say(title) == say("A server that cannot prove itself is refused") + " [wrong-server-code]"
    assert say.knows(title)
