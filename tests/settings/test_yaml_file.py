"""YAML with line numbers: what it gives, what it refuses, and that nothing but UsageError comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.settings import yaml_file

KIND = yaml_file.FileKind("a board file")


def parse(text):
    return yaml_file.parse(text, "b.yaml", KIND)


def refused(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    return caught.value.message


def test_scalars_stay_text():
    document = parse("a: 0123\nb: no\nc: 1e3\nd: 0x71\ne: 2024-01-01\nf: '~'\ng: ~\nh:\ni: null\nj: 'null'\n")
    assert document.to_data() == {
        "a": "0123",
        "b": "no",
        "c": "1e3",
        "d": "0x71",
        "e": "2024-01-01",
        "f": "~",
        "g": None,
        "h": None,
        "i": None,
        "j": "null",
    }


def test_nesting_and_lists():
    assert parse("a:\n  - {b: 1}\n  - [2, 3]\n  - |\n    x\n").to_data() == {
        "a": [{"b": "1"}, ["2", "3"], "x\n"]
    }


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        ((), 0),
        (("a",), 1),
        (("b",), 2),
        (("b", "c"), 3),
        (("b", "d"), 4),
        (("b", "d", 1), 6),
        (("b", "d", 1, "e"), 6),
        (("b", "missing"), 2),
        (("b", "missing", "deeper"), 2),
        (("b", "d", 7), 4),
        (("nowhere",), 1),
    ],
)
def test_lines(loc, line):
    assert parse("a: 1\nb:\n  c: 2\n  d:\n  - 3\n  - e: 4\n").line_of(loc) == line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "b.yaml:2:1: a: written twice; the first is on line 1"),
        ("x:\n  y:\n    z: 1\n    z: 2\n", "b.yaml:4:5: x.y.z: written twice; the first is on line 3"),
        ("x: [{a: 1}, {a: 1, a: 2}]\n", "b.yaml:1:20: x[1].a: written twice; the first is on line 1"),
        ("&a a: 1\n*a : 2\n", "b.yaml:1:1: a: written twice; the first is on line 1"),
        ("a: 1\n---\nb: 2\n", "b.yaml:2:1: a second YAML document starts here; a board file holds one"),
        ("? [a, b]\n: 1\n", "b.yaml:1:3: a key must be a single word"),
        ("? {a: b}\n: 1\n", "b.yaml:1:3: a key must be a single word"),
        (
            "a: !!python/object/apply:os.system [x]\n",
            "b.yaml:1:4: a board file uses no tags: remove this one, 'tag:yaml.org,2002:python/object/apply:os.system'",
        ),
        ("a: !!int 5\n", "b.yaml:1:4: a board file uses no tags: remove this one, 'tag:yaml.org,2002:int'"),
        ("a: &b [*b]\n", "b.yaml:1:4: holds an alias of itself"),
        (
            "a: \x07\n",
            "b.yaml:1:4: a character that YAML does not allow (character code 0x7); is this a text file?",
        ),
    ],
)
def test_refused(text, message):
    assert refused(text) == message


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: {b: 1\nc: 2\n", "b.yaml:2:", "not valid YAML"),
        ("a: 1\n b: 2\n", "b.yaml:2:", "not valid YAML"),
        ("a:\n\tb: 1\n", "b.yaml:2:1:", "not valid YAML: a tab stands where YAML wants spaces"),
        ("a: 'open\n", "b.yaml:2:1:", "not valid YAML"),
        ("a: @b\n", "b.yaml:1:4:", "not valid YAML"),
        ("a: *b\n", "b.yaml:1:4:", "not valid YAML: found undefined alias"),
    ],
)
def test_malformed_names_line_and_column(text, place, reason):
    message = refused(text)
    assert message.startswith(place)
    assert reason in message
    assert "\n" not in message


def test_aliases_are_written_out():
    assert parse("a: &x {k: 1}\nb: *x\nc: &y 2\nd: *y\n").to_data() == {
        "a": {"k": "1"},
        "b": {"k": "1"},
        "c": "2",
        "d": "2",
    }


def test_alias_bomb_ends_at_the_limit():
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    assert refused(f"l0: &l0 [x, x, x]\n{levels}\n") == (
        "b.yaml:5:5: more than 10000 values, aliases written out; this is not a board file"
    )


def test_depth_is_bounded():
    assert parse("a: " + "[" * 31 + "]" * 31).to_data()
    assert refused("a: " + "[" * 32 + "]" * 32) == "b.yaml:1:35: nested more than 32 deep"
    assert refused("[" * 100_000) == "b.yaml:1:33: nested more than 32 deep"


def test_number_of_values_is_bounded():
    assert "more than 10000 values" in refused("a:\n" + "- 1\n" * 10_001)


def test_a_key_written_as_a_name_is_not_repeated():
    key = "00112233445566778899AABBCCDDEEFF"
    assert key not in refused(f"key: {{{key}: 1, {key}: 2}}\n")


def data_or_message(text):
    try:
        return parse(text).to_data(), "b.yaml"
    except UsageError as error:
        return None, error.message


@given(st.text(max_size=200))
def test_any_text_gives_data_or_a_usage_error(text):
    data, message = data_or_message(text)
    assert data is None or isinstance(data, dict | list | str)
    assert message.startswith("b.yaml")
    assert "\n" not in message


YAML_PIECES = [
    "a: ",
    "b",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "&x ",
    "*x",
    "!t ",
    "'",
    '"',
    "|\n",
    "? ",
    "\t",
    "---\n",
    "#",
    "~",
    "é",
]


@given(st.lists(st.sampled_from(YAML_PIECES), max_size=30).map("".join))
def test_any_yaml_like_text_gives_data_or_a_usage_error(text):
    data, message = data_or_message(text)
    assert data is None or isinstance(data, dict | list | str)
    assert message.startswith("b.yaml")


WORDS = st.text("abcdefgh", min_size=1, max_size=5)
TREES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


def flow(tree):
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    return tree


@given(st.dictionaries(WORDS, TREES, min_size=1, max_size=4))
def test_round_trip_with_lines(tree):
    document = parse("".join(f"{key}: {flow(value)}\n" for key, value in tree.items()))
    assert document.to_data() == tree
    for line, key in enumerate(tree, start=1):
        assert document.line_of((key,)) == line
        assert document.line_of((key, "not there", 5)) == line


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pin: *4711\n", "1:6"),
        ("pin: !4711 a\n", "1:6"),
        ("4711: a\n4711: b\n", "2:1"),
        ("pin: '4711\n", "2:1"),
        ("pin: 4711: 4711\n", "1:10"),
    ],
)
def test_what_a_file_of_secrets_holds_is_not_repeated(text, place):
    with pytest.raises(UsageError) as caught:
        yaml_file.parse(text, "secrets.yaml", yaml_file.FileKind("a file of secrets", has_secrets=True))
    assert caught.value.message.startswith(f"secrets.yaml:{place}: ")
    assert "4711" not in caught.value.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: \0", "is a binary file (byte 0x00 at offset 3); a board file is YAML text"),
        (b"a: 1\nb: \xff", "is not UTF-8 text (byte 0xff at offset 8); a board file is YAML text"),
        (b"a: '" + b"1" * KIND.max_bytes + b"'", "is larger than 256 KiB"),
        (b"\xef\xbb\xbfa: 1", None),
    ],
)
def test_what_is_no_text(tmp_path, data, message):
    path = tmp_path / "b.yaml"
    path.write_bytes(data)
    if message is None:
        assert yaml_file.load(path, KIND).to_data() == {"a": "1"}
        return
    with pytest.raises(UsageError) as caught:
        yaml_file.load(path, KIND)
    assert caught.value.message.startswith(str(path))
    assert caught.value.message.endswith(message)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml: no such file; a board file is wanted here"):
        yaml_file.load(tmp_path / "none.yaml", KIND)
    with pytest.raises(UsageError, match="is a folder, not a board file"):
        yaml_file.load(tmp_path, KIND)


def test_the_limits_are_those_of_the_kind():
    flat = yaml_file.FileKind("a flat file", max_depth=1, max_values=3)
    assert yaml_file.parse("[a, b]", "f.yaml", flat).to_data() == ["a", "b"]
    for text, problem in (("[[a]]", "nested more than 1 deep"), ("[a, b, c]", "more than 3 values")):
        with pytest.raises(UsageError, match=problem):
            yaml_file.parse(text, "f.yaml", flat)
