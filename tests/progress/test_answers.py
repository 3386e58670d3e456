"""Answers to operator steps that come as files."""

import os
import stat

import pytest

from harness.progress.answers import Answer, forget, give, take

ANSWER = Answer("anna", "bench page", {"result": "done"})


def test_an_answer_is_taken_once_and_is_nobody_elses_to_read(tmp_path):
    assert take(tmp_path, "q") is None
    assert give(tmp_path, "q", ANSWER)
    assert stat.S_IMODE((tmp_path / "q.json").stat().st_mode) == 0o600
    assert take(tmp_path, "q") == ANSWER
    assert take(tmp_path, "q") is None
    assert list(tmp_path.iterdir()) == []


def test_the_first_answer_wins(tmp_path):
    assert give(tmp_path, "q", ANSWER)
    assert not give(tmp_path, "q", Answer("ben", "file", {"result": "other"}))
    assert take(tmp_path, "q") == ANSWER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"values": 1}',
        b'{"by": "x"}',
        b"\xff" * 100,
        b"[" * 100_000,
        b'{"values": {}}' + b" " * 10**6,
    ],
)
def test_what_is_no_answer_is_removed_so_that_another_can_come(tmp_path, data):
    (tmp_path / "q.json").write_bytes(data)
    found = take(tmp_path, "q")
    assert found is None or found.values == {}
    assert give(tmp_path, "q", ANSWER)


def test_a_link_and_a_pipe_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text('{"values": {"a": "b"}}')
    (tmp_path / "q.json").symlink_to(tmp_path / "secret")
    assert take(tmp_path, "q") is None
    assert not (tmp_path / "q.json").is_symlink()
    os.mkfifo(tmp_path / "q.json")
    assert take(tmp_path, "q") is None
    assert not (tmp_path / "q.json").exists()


def test_an_answer_that_came_too_late_is_removed(tmp_path):
    give(tmp_path, "q", ANSWER)
    forget(tmp_path, "q")
    forget(tmp_path, "q")
    assert take(tmp_path, "q") is None


def test_a_folder_in_the_place_of_an_answer_is_none(tmp_path):
    (tmp_path / "q.json").mkdir()
    assert take(tmp_path, "q") is None
