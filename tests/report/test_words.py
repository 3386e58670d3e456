# ruff: noqa: RUF001 - punctuation of Chinese
"""How a text finds its words in another language."""

import pytest

from harness.errors import UsageError
from harness.patterns import Patterns, Template
from harness.report.words import ENGLISH, Language, language

CATALOGUE = {"no {part} at {place}": "{place} 没有{part}", "chip": "芯片", "blocked: {why}": "受阻：{why}"}


@pytest.fixture
def say():
    return Language(
        "zh", CATALOGUE, Patterns({text: said for text, said in CATALOGUE.items() if "{" in text})
    )


def test_template_is_filled_with_values(say):
    assert say("no {part} at {place}", part="线", place="0x28") == "0x28 没有线"


def test_text_made_with_values_is_told_with_them(say):
    assert say("no chip at 0x28") == "0x28 没有芯片"
    assert say.knows("no chip at 0x28")


def test_value_that_is_a_text_with_values_is_told_too(say):
    assert say("blocked: no chip at 0x28") == "受阻：0x28 没有芯片"


@pytest.mark.parametrize("text", ["no chip", "no  at 0x28", "some chip at 0x28", "", "no chip at "])
def test_other_text_stays_english(say, text):
    assert say(text) == text
    assert not say.knows(text)


@pytest.mark.parametrize(
    "text", ["no {0.__class__} at {place", "no }} at {{", "{", "no {part:>99999999} at x"]
)
def test_braces_of_a_device_are_left_alone(say, text):
    assert all(piece in say(text) for piece in text.removeprefix("no ").split(" at "))


def test_text_of_a_device_that_nests_ends(say):
    assert 0 < say("blocked: " * 400).count("blocked: ") < 400


def test_very_long_text_is_not_matched(say):
    assert not say.knows("blocked: " + "x" * 1_000_000)


def test_most_said_wins():
    say = Language("zh", {}, Patterns({"{one} of {two}": "乙", "ID of {two}": "甲"}))
    assert say("ID of x") == "甲"


@pytest.fixture
def strict():
    words = {
        "{known_one}; {known_two}": "{known_one}；{known_two}",
        "{word_field}: {list_values}, not {word_value}": "{word_field}：{list_values}，不是 {word_value}",
        "is in braces ({{id2}})": "在括号中（{{id2}}）",
    }
    known = {"a chip": "芯片", "a line": "线路", **words}
    return Language("zh", known, Patterns(words))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a chip; a line", "芯片；线路"),
        ("a chip; plan.key: a, b, not c; a line", "芯片；plan.key：a, b，不是 c；线路"),
        ("is in braces ({id2})", "在括号中（{id2}）"),
    ],
)
def test_place_takes_what_its_name_says(strict, text, said):
    assert strict(text) == said


@pytest.mark.parametrize(
    "text", ["a chip; whatever", "whatever; a line", "one word: a, not b", "x: a: b, not c", "x: a, not b c"]
)
def test_place_takes_nothing_else(strict, text):
    assert strict(text) == text
    assert not strict.knows(text)


def test_english_knows_everything():
    assert ENGLISH.knows("anything")
    assert ENGLISH("no chip at 0x28") == "no chip at 0x28"


def test_unknown_language_names_those_there_are():
    with pytest.raises(UsageError, match="no language of reports") as error:
        language("xx")
    assert "zh" in error.value.hint


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("由 {run} 回放", {"run": "r-1"}, "由 r-1 回放"),
        ("由 {run} 回放", {"run": "虚拟板卡"}, "由虚拟板卡回放"),
        ("{a} 和 {b}", {"a": "线", "b": "x"}, "线和 x"),
        ("共 {n:,} 个", {"n": 1200}, "共 1,200 个"),
        ("run {n} of {all}", {"n": "“一”", "all": "二"}, "run “一” of 二"),
        ("由 {run} 回放", {"run": " 乙 "}, "由  乙  回放"),
    ],
)
def test_space_beside_a_place_is_for_latin(template, values, said):
    assert Language("zh", {"x": template})("x", **values) == said


@pytest.mark.parametrize(
    "text",
    ["a: b, not c; " * 300, "a; " * 1300, "blocked: " * 400, "x: {known_y}; " * 250, "there is; " * 390],
)
def test_text_of_a_device_costs_no_more_than_a_hundred_tries(text, monkeypatch):
    tried = []
    values = Template.values
    monkeypatch.setattr(Template, "values", lambda self, of: tried.append(of) or values(self, of))
    language.cache_clear()
    language("zh")(text)
    assert len(set(tried)) <= 100
    assert len(tried) <= 100 * len(language("zh").catalogue)
