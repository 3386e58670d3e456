"""Campaigns whose boards are places of a real labgrid coordinator, with a real exporter for each bench."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from harness.lab.labgrid.coordinator import Coordinator
from harness.lab.names import BenchFolder
from harness.lab.places import places_note
from harness.lab.starting import state_of
from tests.benches.bench_hosts import ended, until
from tests.benches.labgrid_hosts import ADDRESS, Labgrid
from tests.benches.oracles import gaps, held_without_lock, overlapping, runs_of, without_end

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def labgrid(namespace, tmp_path_factory):
    """A coordinator with its exporters, started once: they are slower to come up than all that runs here."""
    made = Labgrid(tmp_path_factory.mktemp("labgrid"))
    yield made
    made.close()


@pytest.fixture
def make_labgrid(make_lab, labgrid):
    def make(section=None, **environment):
        lab = make_lab(**environment)
        labgrid.serve(lab, **(section or {}))
        return lab, labgrid

    return make


def outcomes(document):
    return {one["board"]: one["outcome"] for one in document["boards"]}


def check(lab, labgrid, name):
    assert overlapping(lab.journal()) == []
    assert set(runs_of(lab.journal()).values()) == {1}
    for host in lab.hosts:
        assert gaps(host.events(name)) == []
        assert without_end(host.events(name)) == []
    lives = {
        f"{host.name}/{name}": state_of(host.runs, BenchFolder(host.runs / ".lab"), name) == "running"
        for host in lab.hosts
    }
    assert held_without_lock(labgrid.places().values(), lives, time.time()) == []


def test_places_are_the_boards_and_are_held_while_they_run(make_labgrid):
    lab, labgrid = make_labgrid(STAND_IN_STEPS="10")
    # The inventory is the coordinator's.
    told = json.loads(json.dumps(labgrid.lab.hosts[0].boards))
    for host in lab.hosts:
        host.boards = []
    lab.write(labgrid={"coordinator": ADDRESS})
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    holders = labgrid.holders()
    assert holders[told[0]] == f"bench-1/{name}"
    assert set(holders.values()) == {f"bench-{number}/{name}" for number in (1, 2, 3)}
    code, document, _ = ended(client)
    assert code == 1
    assert sorted(outcomes(document).values()).count("passed") == 9
    until(lambda: set(labgrid.holders().values()) == {""}, 10)
    check(lab, labgrid, name)


def test_a_board_whose_place_another_has_is_not_run_or_waited_for(make_labgrid):
    lab, labgrid = make_labgrid({"wait_s": 4})
    with Coordinator(ADDRESS, "somebody/else") as other:
        other.acquire("ok-a1")
        code, document, _ = lab.run("run", "--all")
        found = outcomes(document)
        assert code == 1
        assert found.pop("ok-a1") == "not run"
        assert sorted(found.values()).count("passed") == 8
        [reason] = [one["reason"] for one in document["boards"] if one["board"] == "ok-a1"]
        assert reason == "place ok-a1 is held by somebody/else"
        assert "ok-a1" not in runs_of(lab.journal())
        assert labgrid.holders()["ok-a1"] == "somebody/else"
        check(lab, labgrid, document["campaign"])
        # All of a bench's places taken: nothing runs there, and that is blocked, no verdict.
        code, document, _ = lab.run("run", "ok-a1")
        assert (code, outcomes(document)) == (3, {"ok-a1": "not run"})
        client = lab.start("run", "ok-a1", "--json")
        until(lambda: len(list(lab.hosts[0].runs.glob(".lab/begun/*.places.json"))) == 3, 20)
        other.release("ok-a1", "somebody/else")
        code, document, _ = ended(client)
        assert (code, outcomes(document)) == (0, {"ok-a1": "passed"})


def test_runs_do_not_notice_a_coordinator_that_starts_anew_and_places_are_taken_again(make_labgrid):
    lab, labgrid = make_labgrid(STAND_IN_STEPS="100", STAND_IN_STEP_S="2")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    labgrid.restart()
    with Coordinator(ADDRESS, "somebody/else") as other:
        # Whoever is faster has the place; the run goes on, and that is told.
        until(
            lambda: set(labgrid.holders().values()) == {f"bench-{number}/{name}" for number in (1, 2, 3)}, 20
        )
        other.release("ok-a1", f"bench-1/{name}")
        other.acquire("ok-a1")
        until(lambda: places_note(BenchFolder(lab.hosts[0].runs / ".lab"), name)["clashes"], 20)
    client.send_signal(signal.SIGINT)
    code, document, errors = ended(client, 90)
    assert code == 130
    assert {one["reason"] for one in document["boards"]} == {"stopped"}
    assert "ok-a1: its place is held by somebody/else" in errors
    until(lambda: set(labgrid.holders().values()) == {"", "somebody/else"}, 10)
    check(lab, labgrid, name)


def test_places_of_a_killed_process_are_freed_once_their_campaign_is_gone(make_labgrid):
    lab, labgrid = make_labgrid(STAND_IN_STEPS="100", STAND_IN_STEP_S="2")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    host = lab.hosts[0]
    carrying = [pid for pid in host.processes() if b"\0carry\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(carrying) == 1
    os.kill(carrying[0], signal.SIGKILL)
    assert "is running" in lab.run("reap")[1]["places"][0]["reason"]
    client.send_signal(signal.SIGINT)
    code, document, _ = ended(client)
    assert code == 130  # the run is a process of its own, and ended in order
    assert {one["reason"] for one in document["boards"]} == {"stopped"}
    held = {place for place, holder in labgrid.holders().items() if holder == f"bench-1/{name}"}
    assert len(held) == 4
    assert not any(one["freed"] for one in lab.run("reap")[1]["places"])
    for path in (host.runs / ".lab" / "begun" / f"{name}.json", host.campaign(name) / "progress.jsonl"):
        os.utime(path, (time.time() - 100, time.time() - 100))
    assert {one["place"] for one in lab.run("reap")[1]["places"] if one["freed"]} == held
    check(lab, labgrid, name)


def test_places_of_a_bench_that_cannot_be_asked_and_of_people_are_kept(make_labgrid):
    lab, labgrid = make_labgrid()
    with (
        Coordinator(ADDRESS, "bench-1/20261129T220000.000Z-0a1b2c") as gone,
        Coordinator(ADDRESS, "somebody/else") as person,
    ):
        gone.acquire("ok-a1")
        person.acquire("ok-b1")
    lab.hosts[0].die()
    found = {one["place"]: one for one in lab.run("reap")[1]["places"]}
    assert (found["ok-a1"]["freed"], found["ok-b1"]["freed"]) == (False, False)
    assert "connection" in found["ok-a1"]["reason"]
    assert set(labgrid.holders().values()) == {"", "bench-1/20261129T220000.000Z-0a1b2c", "somebody/else"}


def test_a_hung_exporter_costs_its_own_boards_and_is_told(make_labgrid):
    lab, labgrid = make_labgrid({"wait_s": 30})
    labgrid.exporters["bench-2"].send_signal(signal.SIGSTOP)
    client = lab.start("run", "--all", "--json")
    code, document, _ = ended(client, 120)
    labgrid.exporters["bench-2"].send_signal(signal.SIGCONT)
    found = outcomes(document)
    assert code == 1
    assert {what for board, what in found.items() if board.endswith("2")} == {"not run"}
    assert [what for board, what in found.items() if not board.endswith("2")].count("passed") == 6
    assert {one["reason"] for one in document["boards"] if one["host"] == "bench-2"} != {""}
    until(lambda: set(labgrid.holders().values()) == {""}, 20)


def test_a_lab_without_its_coordinator_runs_nothing_and_says_why(make_labgrid):
    lab, labgrid = make_labgrid({"wait_s": 1})
    labgrid.process.kill()
    code, document, _ = lab.run("run", "--all")
    assert code == 3
    assert set(outcomes(document).values()) == {"not run"}
    assert "does not answer" in document["boards"][0]["reason"]
    assert not (lab.root / "locks" / "runs.jsonl").exists()
