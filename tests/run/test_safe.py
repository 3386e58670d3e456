import base64
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ToolError
from harness.run.safe import TEXT_LIMIT, Mask, json_value, text
from harness.run.verdict import Verdict
from harness.secret import Secret

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(ANYTHING)
def test_every_plain_value_becomes_strict_json(value):
    json.dumps(json_value(value, Mask()), allow_nan=False, ensure_ascii=False).encode()


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_every_text_can_be_encoded(value):
    text(value).encode()


def test_long_text_is_cut_and_says_so():
    cut = text("x" * (TEXT_LIMIT + 7))
    assert cut == "x" * TEXT_LIMIT + "… (7 more characters)"


def test_values_without_a_json_form_of_their_own():
    values = {"a": Secret("topsecret"), "b": b"\x01\xff", "c": Path("x/y"), "e": math.inf, "f": 2**70}
    plain = json_value({**values, "d": Verdict.PASSED}, Mask())
    assert plain == {"a": "***", "b": "01ff", "c": "x/y", "d": "passed", "e": "inf", "f": hex(2**70)}


def test_what_cannot_be_plain_is_refused():
    with pytest.raises(ToolError, match="a object"):
        json_value(object(), Mask())
    deep: list[object] = []
    deep.append(deep)
    with pytest.raises(ToolError, match="nested"):
        json_value(deep, Mask())


@settings(deadline=None)
@given(st.binary(min_size=6, max_size=40), st.text(max_size=20))
def test_a_known_secret_is_hidden_in_every_form(secret, around):
    mask = Mask()
    mask.add(Secret(secret))
    forms = [secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode()]
    for form in forms:
        assert form not in mask.text(f"{around}{form}{around}")
        assert form not in str(json_value({form: [form]}, mask))
        assert form.encode() not in mask.data(form.encode() + b"tail")
    assert len(mask.data(b"<" + secret + b">")) == len(secret) + 2
    if secret != b"*" * len(secret):
        assert secret not in mask.data(b"<" + secret + b">")


def test_a_secret_across_the_cut_is_hidden():
    mask = Mask()
    mask.add(Secret("correct horse battery"))
    value = "x" * (TEXT_LIMIT - 5) + "correct horse battery"
    assert "corre" not in str(json_value(value, mask))


def test_short_words_are_not_hidden():
    mask = Mask()
    mask.add(Secret("se"))
    assert mask.text("se") == "se"


def test_texts_that_are_looked_through_at_once_are_masked_as_one_by_one():
    mask, alone = Mask(), Mask()
    for each in (mask, alone):
        each.add(Secret(b"hunter2hunter2"))
    texts = ["plain", "has hunter2hunter2 in it", "hunter2", "hunter2", "ü\ud800", "68 75 6e 74 65 72 32" * 2]
    mask.look_through(texts)
    mask.look_through(["plain", "ü\ud800", "nothing to see"])
    assert [mask.text(text) for text in (*texts, "nothing to see")] == [
        alone.text(text) for text in (*texts, "nothing to see")
    ]
    mask.add(Secret(b"nothing to"))
    assert mask.text("nothing to see") == "*** see"
