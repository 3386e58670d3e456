"""Files of sequences: what is written is read again, and what is wrong in one is told with its place."""

import json

import pytest

from harness.errors import UsageError
from harness.explore.driver import Driver
from harness.explore.sequence import document, load
from tests.explore import sequences, stand_in


@pytest.mark.parametrize("fault", stand_in.FAULTS)
def test_round_trip(fault, tmp_path):
    steps = sequences.steps(fault)
    board = stand_in.Board(fault)
    taken = Driver(board, stand_in.world(board)).run(steps)
    path = tmp_path / "sequence.json"
    path.write_text(document(taken, board="b", seed=4))
    assert load(path) == steps
    assert json.loads(path.read_text())["seen"][-1].startswith(f"{len(steps)}. ")


def wrong(tmp_path, text):
    path = tmp_path / "sequence.json"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        load(path)
    assert raised.value.message.startswith(str(path))
    return raised.value.message.removeprefix(str(path))


def with_steps(*steps):
    return json.dumps({"format": "id2-sequence", "version": 1, "steps": steps})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", ":1: is no JSON"),
        ("[" * 100_000, ": is no JSON"),
        ("[]", ': is no sequence: "format" must be "id2-sequence"'),
        ('{"format": "id2-sequence", "version": 2}', ": is of version 2; this harness reads version 1"),
        (with_steps(), ': "steps" must be a list of 1 to 10000 steps'),
        (with_steps(7), ': step 1: must be a mapping with "step", its name'),
        (
            with_steps({"step": "init"}, {"step": "inti"}),
            ": step 2: 'inti' is not a valid word here; did you mean",
        ),
        (with_steps({"step": "init", "x": 1}), ": step 1, init: x: there is no such field"),
        (with_steps({"step": "get_secret"}), ": step 1, get_secret: seed: it is missing"),
        (
            with_steps({"step": "derive_key", "seed": "a", "length": 65}),
            ": step 1, derive_key: length: it must be",
        ),
        (with_steps({"step": "decrypt", "plain": {"hex": "6"}}), ": step 1, decrypt: plain.hex: "),
        (
            with_steps({"step": "decrypt", "plain": {"bytes": 4097}}),
            ": step 1, decrypt: plain.bytes: it must be 4096 or less",
        ),
        (
            with_steps({"step": "get_challenge_auth_code", "random": {"repeat": "7", "times": 9999}}),
            ": step 1, get_challenge_auth_code: random.times: it must be 4096 or less",
        ),
        (
            with_steps({"step": "verify_server", "random": {"earlier": "x"}, "code": "changed"}),
            ": step 1, verify_server: random.earlier: it must be 'device-challenge' or 'password'",
        ),
        (
            with_steps({"step": "get_challenge_auth_code", "random": 7}),
            ": step 1, get_challenge_auth_code: random: it must be text",
        ),
    ],
)
def test_wrong_files(text, said, tmp_path):
    assert wrong(tmp_path, text).startswith(said)


def test_missing_file(tmp_path):
    with pytest.raises(UsageError, match=r"there is no such file$") as raised:
        load(tmp_path / "none.json")
    assert "docs/explore.md" in raised.value.hint
    with pytest.raises(UsageError, match=r"is not a regular file$"):
        load(tmp_path)
