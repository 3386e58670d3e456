"""Operator steps answered on the page: in their form, once, by whoever is first; secrets are never shown again."""

import json
import re
import stat
from pathlib import Path
from string import Formatter

import pytest

from harness import bench_page
from harness.bench_page.answering import checked, give, given_by
from harness.errors import UsageError
from harness.operator.steps import STEPS
from harness.progress.state import Ask
from harness.web.appearance import Appearance
from harness.web.language import Language
from tests.bench_page.conftest import Visitor
from tests.bench_page.made import Made

SECRET = "x1" + "S" * 40


@pytest.fixture
def made(runs):
    campaign = Made(runs, "alpha")
    campaign.begin("alpha")
    yield campaign
    campaign.die()


def answer(visitor, made, ask, **fields):
    page = f"/campaigns/{made.id}"
    return visitor.post(f"{page}/asks/{ask}", of=page, **fields)


def test_an_answer_reaches_the_run_in_its_plain_form(visitor, made):
    made.ask("alpha", "a1")
    told = answer(
        visitor,
        made,
        "a1",
        person="李 Lei",
        **{
            "answer.result": " Passed ",
            "answer.ciphertext": "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff",
        },
    )
    assert "The answer is given" in told.text
    assert "李 Lei answered; the run takes it in a moment." in told.text
    file = made.folder.answers / "a1.json"
    assert json.loads(file.read_text()) == {
        "by": "李 Lei",
        "via": "bench page",
        "values": {"result": "passed", "ciphertext": "00112233445566778899AABBCCDDEEFF"},
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in made.folder.answers.iterdir()] == ["a1.json"]


def test_wrong_values_are_told_at_their_fields_and_nothing_is_sent(visitor, made):
    made.ask("alpha", "a1", "create-product")
    told = answer(
        visitor, made, "a1", **{"answer.product_key": "no key!", "answer.product_secret": "zzz" + SECRET}
    )
    assert told.status_code == 422
    for field in ("product_key", "product_secret", "person"):
        assert f'id="a1-{field}-error"' in told.text, field
    assert "must be a ProductKey" in told.text
    assert 'value="no key!"' in told.text, "what was typed is still there"
    assert SECRET not in told.text
    assert not (made.folder.answers / "a1.json").exists()


def test_a_secret_is_typed_unseen_and_stands_in_no_page(visitor, made):
    made.ask("alpha", "a1", "create-product")
    page = visitor.get(f"/campaigns/{made.id}").text
    assert re.search(r'name="answer.product_secret" type="password"', page)
    told = answer(
        visitor,
        made,
        "a1",
        person="Ann",
        **{"answer.product_key": "a1AbCdEfGhI", "answer.product_secret": SECRET},
    )
    assert SECRET not in told.text
    assert json.loads((made.folder.answers / "a1.json").read_text())["values"]["product_secret"] == SECRET
    assert SECRET not in visitor.get(f"/campaigns/{made.id}").text


@pytest.fixture
def other(page):
    with Visitor(page) as made:
        yield made


def test_of_two_browsers_the_first_counts_and_the_second_sees_who_was_faster(visitor, other, made):
    made.ask("alpha", "a1", "flash")
    token = other.hidden(f"/campaigns/{made.id}")
    answer(visitor, made, "a1", person="Ann", **{"answer.result": "done"})
    late = other.http.post(
        f"/campaigns/{made.id}/asks/a1", data={"csrf": token, "person": "Bob", "answer.result": "done"}
    )
    assert "Ann was faster" in late.text
    assert json.loads((made.folder.answers / "a1.json").read_text())["by"] == "Ann"
    # The run takes it, and tells so.
    (made.folder.answers / "a1.json").unlink()
    made.write("operator_answered", "alpha", ask="a1", by="Ann", via="bench page")
    late = other.http.post(
        f"/campaigns/{made.id}/asks/a1", data={"csrf": token, "person": "Bob", "answer.result": "done"}
    )
    assert "Ann was faster" in late.text
    assert "Ann (on this page)" in late.text
    assert not (made.folder.answers / "a1.json").exists()


def test_who_sends_the_same_answer_twice_is_told_that_it_is_taken(visitor, made):
    made.ask("alpha", "a1", "create-product")
    token = visitor.hidden(f"/campaigns/{made.id}")

    def told(person="Ann", key="a1AbCdEfGhI"):
        fields = {"answer.product_key": key, "answer.product_secret": SECRET}
        return visitor.http.post(
            f"/campaigns/{made.id}/asks/a1", data={"csrf": token, "person": person, **fields}
        ).text

    assert all("The answer is given" in told() for _ in range(2))
    assert "Ann answered before" in told(key="a1AbCdEfGhJ")
    assert "Ann was faster" in told("Bob")
    (made.folder.answers / "a1.json").unlink()
    made.write("operator_answered", "alpha", ask="a1", by="Ann", via="bench page")
    assert "The answer is taken." in told()
    assert "Ann answered before" in told(key="a1AbCdEfGhJ")
    assert "Ann was faster" in told("Bob")
    assert not list(made.folder.answers.iterdir())


def test_a_step_that_nobody_answered_in_time_says_so(visitor, made):
    made.ask("alpha", "a1", "flash")
    token = visitor.hidden(f"/campaigns/{made.id}")
    made.write("operator_answered", "alpha", ask="a1", gave_up="nobody answered in time")
    late = visitor.http.post(
        f"/campaigns/{made.id}/asks/a1", data={"csrf": token, "person": "Bob", "answer.result": "done"}
    )
    assert "waits no longer: nobody answered in time" in late.text
    assert not list(made.folder.answers.iterdir())


def test_nothing_is_asked_any_more_when_the_process_is_gone(visitor, runs):
    made = Made(runs, "alpha")
    made.begin("alpha")
    made.ask("alpha", "a1", "flash")
    assert "Flash the image" in visitor.get("/").text
    made.die()
    assert "Flash the image" not in visitor.get("/").text
    assert "Flash the image" not in visitor.get(f"/campaigns/{made.id}").text


def test_the_name_is_remembered(visitor, made):
    made.ask("alpha", "a1", "flash")
    answer(visitor, made, "a1", person='王 "Wei" <b>', **{"answer.result": "done"})
    made.ask("alpha", "a2", "flash")
    assert 'value="王 &#34;Wei&#34; &lt;b&gt;"' in visitor.get(f"/campaigns/{made.id}").text


def test_a_picture_of_the_campaign_is_shown_and_nothing_else(visitor, made, tmp_path):
    (made.folder.path / "pictures").mkdir()
    (made.folder.path / "pictures" / "x.png").write_bytes(b"\x89PNG....")
    (tmp_path / "secret.png").write_bytes(b"top secret")
    (made.folder.path / "pictures" / "out.png").symlink_to(tmp_path / "secret.png")
    for number, picture in enumerate(
        ("pictures/x.png", "pictures/out.png", "../../secret.png", "campaign.json")
    ):
        made.ask("alpha", f"p{number}", "flash", picture=picture)
    answers = [visitor.get(f"/campaigns/{made.id}/pictures/p{number}") for number in range(4)]
    assert [each.status_code for each in answers] == [200, 404, 404, 404]
    assert answers[0].content == b"\x89PNG...."
    assert answers[0].headers["content-type"] == "image/png"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 200, "a\0b"])
def test_no_answer_is_written_outside_its_folder(tmp_path, name):
    from harness.errors import UsageError

    folder = tmp_path / "answers"
    folder.mkdir()
    with pytest.raises(UsageError):
        give(folder, name, "Ann", {})
    assert given_by(folder, name) is None
    assert not list(folder.iterdir())


def test_a_step_that_only_a_suite_of_others_knows_takes_one_line(tmp_path):
    field = {"name": "colour", "form": "colour", "words": "the colour of the light", "secret": False}
    ask = Ask("a", "look", "Look at the light", (), (field, {"name": 3}), 0.0)
    assert checked(ask, {"colour": " green "}) == ({"colour": "green"}, {})
    for wrong in ("", "   ", "two\nlines", "x" * 5000):
        assert set(checked(ask, {"colour": wrong})[1]) == {"colour"}


@pytest.mark.parametrize("name", STEPS)
def test_every_operator_step_is_told_in_chinese(name):
    step = STEPS[name]
    look = Appearance(Path(bench_page.__file__).parent, root="", menu=())
    places = {name: "x1" for line in step.instructions for _, name, _, _ in Formatter().parse(line) if name}
    said = [line.format(**places) for line in step.instructions]
    said += [field.form.words for field in step.fields if not field.form.choices]
    for text in said:
        told = look.said(Language.ZH, text)
        assert told is not None, text
        assert told != text
        assert text.count("x1") == told.count("x1"), "its values stay"
    for field in step.fields:
        with pytest.raises(UsageError) as wrong:
            field.form.read("\0")
        if not field.form.choices:
            told = look.said(Language.ZH, wrong.value.message)
            assert told is not None, wrong.value.message
            assert "must" not in told


def test_a_chinese_page_asks_and_refuses_in_chinese(visitor, runs):
    made = Made(runs, "alpha")
    made.begin("alpha")
    made.ask("alpha", "a1", "create-product")
    page = f"/campaigns/{made.id}"
    text = visitor.get(f"{page}?lang=zh").text
    assert "例如 a1AbCdEfGhI" in text
    assert '<span lang="en">Do it on alpha.</span>' in text, "what nobody can translate is marked"
    told = visitor.post(f"{page}/asks/a1", of=page, person="李", **{"answer.product_key": "not a key"}).text
    assert "应为ProductKey" in told.replace(" ", "")
    assert "must be" not in told
    made.die()
