"""Which boards words, tags and a lab file mean."""

import os
from pathlib import Path

import pytest

from harness.board.reading.lab import load_lab
from harness.board.reading.lab_boards import lab_boards
from harness.board.reading.selection import select
from harness.errors import UsageError

BOARD = """version: 1
name: {name}
tags: [{tags}]
plan: {{pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}}
transports: {{console: {{kind: socket, host: 127.0.0.1, port: 9}}}}
console: {{transport: console}}
"""
NO_LAB = "version: 1\n"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A working folder with boards, and a desk with others beside it."""
    folder = tmp_path / "bench"
    board(folder / "boards" / "se-1.yaml", "i2c, desk-1, model=m1")
    board(folder / "boards" / "se-2.yaml", "i2c, desk-2, model=m1")
    board(folder / "boards" / "km-1.yaml", "desk-1", name="gateway")
    board(tmp_path / "desk" / "se-9.yaml", "i2c")
    monkeypatch.chdir(folder)
    return folder


def board(path, tags="", *, name=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(BOARD.format(name=name or path.stem, tags=tags))
    return path


def lab(text=NO_LAB, *, by_default=False, at=Path("lab.yaml")):
    at.write_text(text)
    return load_lab(at, by_default=by_default)


def chosen(words=(), *, tags=(), in_lab=None):
    return [str(path) for path in select(words, in_lab or lab(), tags=tags).paths]


def refusal(words=(), *, tags=(), in_lab=None):
    with pytest.raises(UsageError) as refused:
        select(words, in_lab or lab(), tags=tags)
    return f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["se-1"], ["se-1"]),  # a plain word stays as it was written
        (["boards/se-1.yaml"], ["boards/se-1.yaml"]),
        (["se-*"], ["boards/se-1.yaml", "boards/se-2.yaml"]),
        (["gate*"], ["boards/km-1.yaml"]),
        (["gateway"], ["boards/km-1.yaml"]),
        (["km-?"], ["boards/km-1.yaml"]),
        (["se-[!1]"], ["boards/se-2.yaml"]),
        (["boards/*-1"], ["boards/km-1.yaml", "boards/se-1.yaml"]),
        (["../desk/*.yaml"], ["../desk/se-9.yaml"]),
        (["../**/se-9.yaml"], ["../desk/se-9.yaml"]),
        (["km-*", "se-2"], ["boards/km-1.yaml", "se-2"]),
        (["se-2", "se-*"], ["se-2", "boards/se-1.yaml"]),
        (["virtual-se-i2c"], ["virtual-se-i2c"]),
    ],
)
def test_words(bench, words, found):
    assert chosen(words) == found


def test_pattern_of_shipped_boards(bench):
    found = chosen(["virtual-se-*"])
    assert [Path(each).name for each in found][:1] == ["virtual-se-alios.yaml"]


def test_file_whose_name_has_signs_of_a_pattern_is_that_file(bench):
    board(bench / "a[1].yaml", name="odd")
    assert chosen(["a[1].yaml"]) == ["a[1].yaml"]


def test_the_lab_file_is_no_board(bench):
    board(bench / "one.yaml")
    assert chosen(["*.yaml"]) == ["one.yaml"]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (["i2c"], ["se-1", "se-2"]),
        (["i2c,desk-1"], ["se-1"]),
        (["i2c", "desk-1"], ["se-1"]),
        (["desk-*"], ["km-1", "se-1", "se-2"]),
        (["model=m1", "desk-2"], ["se-2"]),
        (["model=*"], ["se-1", "se-2"]),
    ],
)
def test_tags(bench, tags, found):
    assert [Path(each).stem for each in chosen(tags=tags)] == found


def test_tag_among_the_named(bench):
    selected = select(["se-1", "km-1"], lab(), tags=["i2c"])
    assert list(map(str, selected.paths)) == ["se-1"]
    assert selected.doubts == ("without the tag i2c, so left out: gateway",)


def test_a_board_that_cannot_be_read_is_told_where_tags_choose(bench):
    (bench / "boards" / "broken.yaml").write_text("version: [")
    selected = select([], lab(), tags=["desk-2"])
    assert list(map(str, selected.paths)) == ["boards/se-2.yaml"]
    assert "boards/broken.yaml" in selected.doubts[0]
    assert "boards/broken.yaml" in refusal(["broken", "se-2"], tags=["desk-2"])


@pytest.mark.parametrize(
    ("words", "tags", "said"),
    [
        ([], [], "no BOARD is named"),
        (["sa-*"], [], "sa-*: no board matches; boards: km-1, gateway, se-1, se-2"),
        (["gatewey*"], [], "did you mean 'gateway'?"),
        (["se-1", "se-1"], [], "se-1: the same board is named twice"),
        (["se-1", "./boards/se-1.yaml"], [], "the same board is named twice, as se-1 too"),
        ([], ["i2s"], "no board has the tag i2s; did you mean 'i2c'? tags: desk-1, desk-2, i2c, model=m1"),
        ([], ["i2c,"], "a tag is missing"),
        ([], ["desk-1", "desk-2"], "no board has all of the tags desk-1 and desk-2"),
        (["se-1"], ["desk-2"], "no board has the tag desk-2"),
        (["\x1b[31m*"], [], "\\x1b[31m*: no board matches"),
    ],
)
def test_refusals(bench, words, tags, said):
    assert said in refusal(words, tags=tags)


def test_two_files_of_one_name(bench):
    board(bench / "other.yaml", name="se-1")
    said = refusal(["se-1", "other.yaml"])
    assert "other.yaml: its name is se-1, as that of se-1" in said


def test_a_link_to_a_board_is_the_same_board(bench):
    Path("again.yaml").symlink_to("boards/se-1.yaml")
    assert "named twice" in refusal(["boards/se-1.yaml", "again.yaml"])
    assert chosen(["boards/se-1.yaml", "agai*"]) == ["boards/se-1.yaml"]


LAB = "version: 1\nboards: [boards/se-*.yaml, ../desk/se-9.yaml, virtual-demo]\n"


def test_all_of_a_lab(bench):
    named = [Path(each).stem for each in chosen(in_lab=lab(LAB))]
    assert named == ["se-1", "se-2", "se-9", "virtual-demo"]


def test_a_lab_file_that_nobody_named_chooses_nothing_by_itself(bench):
    assert "--lab lab.yaml means all boards" in refusal(in_lab=lab(LAB, by_default=True))
    assert len(chosen(tags=["i2c"], in_lab=lab(LAB, by_default=True))) == 3


def test_names_are_sought_in_the_lab_first(bench):
    board(bench.parent / "desk" / "se-1.yaml", name="far")
    here = lab("version: 1\nboards: ['../desk/*']\n")
    assert chosen(["se-1", "se-9"], in_lab=here) == ["../desk/se-1.yaml", "../desk/se-9.yaml"]
    assert chosen(["far"], in_lab=here) == ["../desk/se-1.yaml"]
    assert chosen(["f*"], in_lab=here) == ["../desk/se-1.yaml"]
    assert chosen(["km-1"], in_lab=here) == ["km-1"]
    assert "km-9: there is no such board; did you mean 'km-" not in refusal(["km-9"], in_lab=here)


def test_a_lab_is_read_from_its_own_folder(bench):
    elsewhere = lab("version: 1\nboards: ['se-*']\n", at=bench.parent / "desk" / "lab.yaml")
    assert chosen(in_lab=elsewhere) == [str(bench.parent / "desk" / "se-9.yaml")]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "boards/se-3.yaml",
            "lab.yaml:3: boards[0]: no such board file: boards/se-3.yaml; did you mean 'se-",
        ),
        ("'nothing/*'", "lab.yaml:3: boards[0]: no board file matches nothing/*"),
        ("lab.yaml", "lab.yaml:3: boards[0]: no such board file: lab.yaml"),
        ("{}", "lab.yaml:3: boards[0]: must be text"),
        ("''", "lab.yaml:3: boards[0]: is empty"),
        (
            "boards/se-1.yaml\n  - boards/se-1.yaml",
            "lab.yaml:4: boards[1]: boards/se-1.yaml is written twice",
        ),
    ],
)
def test_wrong_entry_of_a_lab(bench, entry, said):
    with pytest.raises(UsageError) as refused:
        lab_boards(lab(f"version: 1\nboards:\n  - {entry}\n"))
    assert said in refused.value.message


def test_no_boards_in_a_lab(bench):
    for text in ("version: 1\nboards:\n", "version: 1\nboards: []\n", NO_LAB):
        assert "has no boards:" in refusal(in_lab=lab(text))


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ("i2c, i2c", "tags: has i2c twice"),
        ("'a b'", "tags[0]: must be a word of letters"),
        ("'a,b'", "tags[0]: must be a word of letters"),
        ("'*'", "tags[0]: must be a word of letters"),
    ],
)
def test_wrong_tags(bench, tags, said):
    path = board(bench / "boards" / "wrong.yaml", tags)
    assert said in refusal([str(path), "se-1"])


def test_closed_folder(bench):
    if os.geteuid() == 0:
        pytest.skip("root may look everywhere")
    Path("closed").mkdir(mode=0)
    assert "no board matches" in refusal(["closed/*"])
