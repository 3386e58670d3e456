"""Chips that show over a whole run are caught, whether the key is known or not; sound ones pass either way."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from harness.simulator.faults.catalogue import BAD_RANDOMS, CHANGES, GUESSABLE, SESSION_FAULTS
from tests.mutants.test_mutants import BOARDS, board_with, run

pytestmark = pytest.mark.mutants
BY_NAME = {fault.name: fault for fault in SESSION_FAULTS}
OTHER_ID = "00FFFFFFDB1D8DC78DDCB802"
KEY = {
    "aes-128": "9F0C36E1D4B85A2277E3C90641FA8D5B",
    "3des-168": "9F0C36E1D4B85A2277E3C90641FA8D5B0D94A26EC7183F51",
}
# Each meets the scenarios that are meant for it, and those that give them what they judge.
SELECT = (
    {fault.name: "test_endurance or test_same_device_to_the_end" for fault in CHANGES}
    | {fault.name: "test_challenges_of_the_chip or test_randoms" for fault in BAD_RANDOMS}
    | {fault.name: "test_key_strength" for fault in GUESSABLE}
)
CAUGHT_BY = {"CHANGES": "whole_run", "BAD_RANDOMS": "test_randoms", "GUESSABLE": "test_key_strength"}


def base(*, known, name="virtual-se-i2c"):
    board = yaml.safe_load((BOARDS / f"{name}.yaml").read_text())
    if known:
        return board
    board["name"] += "-unknown"
    (transport,) = board["transports"].values()
    transport["device"] |= {"id": OTHER_ID, "key": {"test_key": KEY[transport["device"]["key_type"]]}}
    board["device"] = {"serial_number": board["device"]["serial_number"]}
    return board


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole-run")
    with ThreadPoolExecutor(2) as pool:
        futures = {
            (name, known): pool.submit(
                run, board_with(fault, base(known=known), folder), folder / "runs", SELECT[name], quick=False
            )
            for name, fault in BY_NAME.items()
            for known in (True, False)
        }
        caught = {which: future.result() for which, future in futures.items()}
    lines = [f"\n{'broken device':34} {'key':8} {'verdict':9} caught by"]
    for (name, known), one in caught.items():
        lines.append(
            f"{name:34} {'known' if known else 'unknown':8} {one.verdict:9} {', '.join(one.by) or '-'}"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return caught


def test_there_are_enough():
    assert len(SESSION_FAULTS) >= 20
    assert set(SELECT) == set(BY_NAME)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("name", BY_NAME)
def test_broken_device_is_caught(name, known, results):
    caught = results[name, known]
    group = next(
        group
        for group, faults in (("CHANGES", CHANGES), ("BAD_RANDOMS", BAD_RANDOMS), ("GUESSABLE", GUESSABLE))
        if BY_NAME[name] in faults
    )
    assert caught.verdict == "failed", f"{name}: {BY_NAME[name].summary}; caught by {caught.by}"
    assert caught.exit_code == 1
    assert any(CAUGHT_BY[group] in scenario for scenario in caught.by)


@pytest.mark.parametrize("name", ["virtual-se-i2c", "virtual-se-mtk"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_sound_boards_pass(name, known, tmp_path):
    board = board_with(None, base(known=known, name=name), tmp_path)
    settings = yaml.safe_load(board.read_text())
    settings["chip"]["timeout_s"] = 8  # a busy machine is late, and this board is sound
    board.write_text(yaml.safe_dump(settings))
    caught = run(board, tmp_path / "runs", quick=False)
    assert caught.verdict == "passed", caught.by
