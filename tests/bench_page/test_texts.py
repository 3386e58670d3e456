"""The tables of texts: both languages have the same, and what pages name is there."""

import re
import string
from pathlib import Path

import harness.bench_page as package
from harness.bench_page.boards import problems, read
from harness.board.reading import explain
from harness.operator.steps import STEPS
from harness.run.verdict import Verdict
from harness.web.appearance import Appearance
from harness.web.language import Language, texts

FOLDER = Path(package.__file__).parent
ENGLISH, CHINESE = (texts(FOLDER / "texts", language) for language in (Language.EN, Language.ZH))


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts():
    assert ENGLISH.keys() == CHINESE.keys()
    for key in ENGLISH:
        assert placeholders(ENGLISH[key]) == placeholders(CHINESE[key]), key
        assert CHINESE[key].strip(), key


def test_every_text_that_is_named_is_there():
    sources = "\n".join(path.read_text() for kind in ("*.py", "*.j2") for path in FOLDER.rglob(kind))
    sections = "|".join({key.partition(".")[0] for key in ENGLISH} - {"site"})
    named = set(re.findall(rf'"((?:{sections})\.[a-z_]+)"', sources))
    assert len(named) > 80
    assert named - ENGLISH.keys() == set()


def test_what_is_wrong_with_a_board_file_is_told_in_chinese(tmp_path):
    site = Appearance(FOLDER, root="", menu=())
    numbers = {"max_length": 5, "min_length": 1, "actual_length": 6, "gt": 1, "ge": 1, "lt": 1, "le": 1}
    said = [each.format(text="", **numbers) for each in explain.SENTENCES.values()]
    file = tmp_path / "my board.yaml"
    for text in WRONG_BOARDS:
        file.write_text(text)
        found = problems(read(file))
        assert found
        assert all(place.startswith(str(file)) for place, told in found if told != "…"), found
        said += [told for _, told in found]
    assert [each for each in said if each and site.said(Language.ZH, each) is None] == []


WRONG_BOARDS = (
    "",
    "- a\n",
    "\x01",
    "version: 1\nname: [\n",
    "version: 1\nversion: 2\n",
    "version: !!binary aa\n",
    "version: 9\nname: B\nplan: {pattern: own-platfrm, carrier: se, platform: x, key_type: 5}\nfoo: 1\n",
)


def test_every_verdict_operator_step_and_field_has_its_words():
    wanted = {f"verdict.{each.value}" for each in Verdict}
    wanted |= {f"operator.{step}" for step in STEPS}
    wanted |= {f"field.{field.name}" for step in STEPS.values() for field in step.fields}
    assert wanted - ENGLISH.keys() == set()
    for step in STEPS.values():
        assert ENGLISH[f"operator.{step.id}"] == step.title
