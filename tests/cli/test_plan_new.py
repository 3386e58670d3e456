"""`harness plan --new` and `harness plan --table`: asked by options or step by step; nothing is written by halves."""

import json
import sys

import pytest

from harness.cli import plan_new
from harness.cli.main import invoke
from harness.cli.plan_questions import Questions, Quit, choices, impossible
from tests.cli.terminal import Terminal

FLAGS = ("--pattern=own-platform", "--carrier=se", "--platform=third-party-os", "--key-type=aes-128")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boards").mkdir()
    return tmp_path


@pytest.fixture
def typed(monkeypatch):
    """Make a person at a terminal who answers; each answer once."""

    def answers(*lines):
        left = list(lines)

        def read(prompt):
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(plan_new, "input", read, raising=False)
        for stream in (sys.stdin, sys.stdout):
            monkeypatch.setattr(stream, "isatty", lambda: True)
        return left

    return answers


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.yaml"))


def test_options_write_a_board_file_that_is_checked(folder, capsys):
    assert invoke(["plan", "mine", "--new", *FLAGS]) == 0
    said = capsys.readouterr().out
    assert written(folder) == ["boards/mine.yaml"]
    assert "transports.console.port: is still to be filled in" in said
    assert "docs/guides/se-third-party.md" in said
    assert invoke(["boards", "check", "mine"]) == 0
    told = capsys.readouterr()
    assert "boards/mine.yaml: ok" in told.out
    assert "still to be filled in" in told.err


def test_json_names_file_and_needs(folder, capsys):
    assert invoke(["plan", "mine", "--new", "--json", "--probe", *FLAGS]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["file"] == "boards/mine.yaml"
    assert document["needs"]["server_development"] is True
    assert "probe: {}" in (folder / "boards/mine.yaml").read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (FLAGS[:3], "--key-type is not given (--key-type: 3des-112"),
        (FLAGS[:2], "--platform, --key-type are not given"),
        ((), "--pattern, --carrier, --platform, --key-type are not given"),
    ],
)
def test_nobody_to_ask_is_one_clear_error(folder, capsys, given, told):
    assert invoke(["plan", "mine", "--new", *given]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert written(folder) == []


def test_nobody_to_ask_for_a_name(folder, capsys):
    assert invoke(["plan", "--new", *FLAGS]) == 2
    assert "BOARD is not given" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["mine", "--new", *FLAGS[:3], "--key-type=aes128"], "did you mean 'aes-128'?"),
        (
            ["mine", "--new", *FLAGS[:2], "--platform=link-tee", FLAGS[3]],
            "link-tee holds ID² keys in the TEE only",
        ),
        (
            ["mine", "--new", FLAGS[0], "--carrier=demo", FLAGS[2], "--key-type=sm1-128"],
            "in secure elements only",
        ),
        (["Mine", "--new", *FLAGS], "'Mine' names no board: lower-case letters"),
        (["x" * 65, "--new", *FLAGS], "names no board"),
        (["-", "--new", *FLAGS], "names no board"),
        (["mine.json/x", "--new", *FLAGS], "a board file ends in .yaml"),
        (["none/mine.yaml", "--new", *FLAGS], "there is no folder 'none'"),
        (["mine", *FLAGS], "go with --new"),
        (["mine", "--probe"], "--probe goes with --new"),
        (["mine", "--new", "--table"], "do not go together"),
        (["--table", "mine"], "takes no BOARD"),
        (["--table", "--quick"], "--quick goes with a board that is there"),
        ([], "no BOARD is named"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(folder, capsys, options, told):
    assert invoke(["plan", *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("error: ")
    assert written(folder) == []


def test_a_board_file_is_never_written_over(folder, capsys):
    path = folder / "boards" / "mine.yaml"
    path.write_text("mine")
    assert invoke(["plan", "mine", "--new", *FLAGS]) == 2
    assert "never written over" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_a_link_to_nowhere_is_not_followed(folder, capsys):
    (folder / "boards" / "mine.yaml").symlink_to(folder / "elsewhere.yaml")
    assert invoke(["plan", "mine", "--new", *FLAGS]) == 2
    assert not (folder / "elsewhere.yaml").exists()


def test_without_a_folder_of_boards_the_file_stands_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke(["plan", "mine", "--new", *FLAGS]) == 0
    assert written(tmp_path) == ["mine.yaml"]


def test_step_by_step(folder, typed, capsys):
    left = typed("own-platform", "2", "third", "aes-128", "y", "mine", "y")
    assert invoke(["plan", "--new"]) == 0
    assert left == []
    text = (folder / "boards" / "mine.yaml").read_text()
    assert "carrier: km" in text
    assert "platform: third-party-os" in text
    assert "\nprobe: {}" in text
    said = capsys.readouterr().out
    assert "impossible: link-tee holds ID² keys in the TEE only" in said
    assert "impossible: sm1-128 exists in secure elements only" in said


def test_only_what_is_not_given_is_asked(folder, typed):
    left = typed("n", "mine", "y")
    assert invoke(["plan", "--new", *FLAGS]) == 0
    assert left == []
    assert written(folder) == ["boards/mine.yaml"]


def test_a_board_that_is_named_is_not_asked_for(folder, typed):
    left = typed("aes-128", "y")
    assert invoke(["plan", "mine", "--new", "--no-probe", *FLAGS[:3]]) == 0
    assert left == []
    assert written(folder) == ["boards/mine.yaml"]


def test_back_and_restart(folder, typed):
    left = typed(
        "own-platform", "se", "b", "km", "third-party-os", "r",
        "iot-platform", "tee", "link-tee", "sm4-128", "n", "mine", "b", "other", "y",
    )  # fmt: skip
    assert invoke(["plan", "--new"]) == 0
    assert left == []
    assert written(folder) == ["boards/other.yaml"]
    text = (folder / "boards" / "other.yaml").read_text()
    for line in ("pattern: iot-platform", "carrier: tee", "platform: link-tee", "key_type: sm4-128"):
        assert line in text


def test_back_at_the_first_question_asks_it_again(folder, typed):
    left = typed("b", "own-platform", "se", "1", "aes-128", "n", "mine", "y")
    assert invoke(["plan", "--new"]) == 0
    assert left == []


def test_an_impossible_or_unknown_answer_is_asked_again(folder, typed, capsys):
    left = typed(
        "own-platform", "se", "link-tee", "what", "0", "", "99", "1", "aes-128", "n", "Bad Name", "mine", "y"
    )
    assert invoke(["plan", "--new"]) == 0
    assert left == []
    said = capsys.readouterr().out
    assert "link-tee is impossible" in said
    assert "'Bad Name' names no board" in said


FULL = ("own-platform", "se", "1", "aes-128", "n", "mine", "y")


@pytest.mark.parametrize("answered", range(len(FULL)))
@pytest.mark.parametrize("ending", ["q", None])
def test_quitting_anywhere_writes_nothing(folder, typed, capsys, answered, ending):
    typed(*FULL[:answered], *([] if ending is None else [ending]))
    assert invoke(["plan", "--new"]) == 0
    assert "nothing was written" in capsys.readouterr().out
    assert written(folder) == []


def test_saying_no_at_the_end_writes_nothing(folder, typed, capsys):
    typed(*FULL[:-1], "n")
    assert invoke(["plan", "--new"]) == 0
    assert written(folder) == []


def test_interrupt_writes_nothing(folder, monkeypatch, typed):
    typed()

    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_new, "input", interrupted, raising=False)
    assert invoke(["plan", "--new"]) == 130
    assert written(folder) == []


def test_an_option_that_leaves_no_plan_is_refused_before_anything_is_asked(folder, typed, capsys):
    left = typed("own-platform")
    assert invoke(["plan", "--new", "--carrier=km", "--platform=link-tee"]) == 2
    assert "no board can follow km, link-tee" in capsys.readouterr().err
    assert left == ["own-platform"]


def test_questions_quit_when_nothing_more_comes():
    def read(prompt):
        raise EOFError

    with pytest.raises(Quit):
        Questions(read, lambda text: None).ask({}, ())


def test_impossible_says_why_for_partial_answers():
    assert impossible({}) == ""
    assert impossible({"carrier": "se"}) == ""
    assert "TEE only" in impossible({"carrier": "se", "platform": "link-tee"})
    assert "secure elements only" in impossible({"carrier": "km", "key_type": "sm1-128"})
    assert [choice.flag for choice in choices()] == ["--pattern", "--carrier", "--platform", "--key-type"]


def test_table_as_text_and_as_json(capsys):
    assert invoke(["plan", "--table"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert invoke(["plan", "--table", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    impossible_ones = [each for each in document["cells"] if not each["possible"]]
    assert impossible_ones
    assert all(each["refusals"] for each in impossible_ones)


@pytest.mark.slow
def test_at_a_real_terminal(tmp_path):
    (tmp_path / "boards").mkdir()
    path = tmp_path / "boards" / "mine.yaml"
    with Terminal(80, sys.executable, "-m", "harness", "plan", path, "--new", *FLAGS[:3]) as terminal:
        terminal.until("key type:")
        terminal.type("aes-128\n")
        terminal.until(r"probe \[y/n\]")
        terminal.type("n\n")
        terminal.until(r"Write .*\?")
        assert not path.exists()
        terminal.type("y\n")
        assert "written for own-platform" in terminal.rest()
    assert terminal.code == 0
    assert path.exists()
