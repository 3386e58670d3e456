"""Chance and clock of a run: fresh and written down once, the same again in a replay."""

import json
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, UsageError
from harness.run import inputs
from harness.run.inputs import FILE, RecordedInputs, ReplayedInputs, drawing

ASKED = st.lists(
    st.tuples(st.sampled_from(["device random", "challenge"]), st.integers(0, 40))
    | st.tuples(st.just("time"), st.none()),
    max_size=30,
)


def take(inputs, asked):
    times = iter(range(10**6, 10**7))
    return [
        inputs.number(purpose, lambda: next(times)) if size is None else inputs.random(purpose, size)
        for purpose, size in asked
    ]


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@settings(deadline=None)
@given(ASKED)
def test_a_replay_takes_the_same(tmp_path_factory, asked):
    folder = tmp_path_factory.mktemp("run")
    recorded = RecordedInputs(lambda: folder / FILE)
    recorded.begin()
    taken = take(recorded, asked)
    assert take(ReplayedInputs(folder, lambda: folder / "again.jsonl"), asked) == taken
    in_rows = sorted(zip(asked, taken, strict=True), key=lambda pair: pair[0][0])
    assert take(ReplayedInputs(folder, lambda: folder / "again.jsonl"), [ask for ask, _ in in_rows]) == [
        value for _, value in in_rows
    ]


def test_a_replay_can_be_replayed(folder):
    RecordedInputs(lambda: folder / FILE).random("r", 4)
    RecordedInputs(lambda: folder / FILE).number("t", lambda: 5)
    replayed = ReplayedInputs(folder, lambda: folder / "again.jsonl")
    replayed.random("r", 4)
    replayed.number("t", int)
    assert (folder / "again.jsonl").read_bytes() == (folder / FILE).read_bytes()


def test_fresh_values_differ(folder):
    inputs = RecordedInputs(lambda: folder / FILE)
    draw = drawing(inputs, "device random")
    assert len({draw(16) for _ in range(50)}) == 50
    assert len((folder / FILE).read_text().splitlines()) == 50


def test_threads_may_draw_at_once(folder):
    inputs = RecordedInputs(lambda: folder / FILE)
    threads = [threading.Thread(target=take, args=(inputs, [("r", 9)] * 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in (folder / FILE).read_text().splitlines()]) == 200


def test_one_too_many_and_another_size(folder):
    RecordedInputs(lambda: folder / FILE).random("device random", 4)
    replayed = ReplayedInputs(folder, lambda: folder / "again.jsonl")
    with pytest.raises(BenchError, match="one more 'challenge' is asked for"):
        replayed.random("challenge", 4)
    with pytest.raises(BenchError, match="5 bytes for 'device random' are asked for"):
        replayed.random("device random", 5)
    with pytest.raises(BenchError, match="one more 'device random' is asked for"):
        replayed.random("device random", 4)
    with pytest.raises(BenchError, match="a number for 'device random'"):
        ReplayedInputs(folder, lambda: folder / "again.jsonl").number("device random", int)


def test_a_run_that_took_nothing(folder):
    RecordedInputs(lambda: folder / FILE).begin()
    replayed = ReplayedInputs(folder, lambda: folder / "again.jsonl")
    replayed.begin()
    assert (folder / "again.jsonl").read_bytes() == b""
    with pytest.raises(BenchError, match="one more"):
        ReplayedInputs(folder, lambda: folder / "again.jsonl").random("x", 1)


def test_a_run_that_kept_nothing_has_no_value_to_give(tmp_path):
    replayed = ReplayedInputs(tmp_path, lambda: tmp_path / "again.jsonl", kept=False)
    with pytest.raises(BenchError, match="one more 'challenge' is asked for"):
        replayed.random("challenge", 4)


def test_what_is_no_run(tmp_path):
    with pytest.raises(UsageError, match=f"{FILE}: no such file"):
        ReplayedInputs(tmp_path, lambda: tmp_path / "again.jsonl")
    (tmp_path / FILE).mkdir()
    with pytest.raises(UsageError, match=f"{FILE}: is not a regular file"):
        ReplayedInputs(tmp_path, lambda: tmp_path / "again.jsonl")
    (tmp_path / FILE).rmdir()
    os.mkfifo(tmp_path / FILE)
    with pytest.raises(UsageError, match=f"{FILE}: is not a regular file"):
        ReplayedInputs(tmp_path, lambda: tmp_path / "again.jsonl")


def test_a_file_that_no_run_made(folder, monkeypatch):
    monkeypatch.setattr(inputs, "_MAX_BYTES", 10)
    (folder / FILE).write_text('{"for":"x","n":1}\n')
    with pytest.raises(UsageError, match="holds more than 10 bytes"):
        ReplayedInputs(folder, lambda: folder / "again.jsonl")


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"for":"x"}', '{"for":"x","x":"0"}', '{"x":"00"}', '{"for":"x","n":[]}', "[" * 5000]
)
def test_a_wrong_line_is_named(folder, line):
    (folder / FILE).write_text('{"for":"x","n":1}\n' + line + "\n")
    with pytest.raises(UsageError, match=":2: is no value of a run"):
        ReplayedInputs(folder, lambda: folder / "again.jsonl")


def test_a_line_that_was_cut_is_left_out(folder):
    (folder / FILE).write_text('{"for":"x","n":1}\n{"for":"x","n"')
    replayed = ReplayedInputs(folder, lambda: folder / "again.jsonl")
    assert replayed.number("x", int) == 1
    with pytest.raises(BenchError, match="one more"):
        replayed.number("x", int)


def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(BenchError, match="cannot be written"):
        RecordedInputs(lambda: tmp_path / "none" / FILE).random("x", 1)
