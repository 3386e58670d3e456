"""Campaigns on three hosts with four boards each, over real sshd, and what becomes of them under each fault."""

import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from harness.run import manifest
from harness.run.folder import RunFolder
from tests.benches.bench_hosts import children, ended, until
from tests.benches.oracles import gaps, overlapping, runs_of, verdicts_of_lost, without_end

pytestmark = pytest.mark.lab


def outcomes(document):
    return {one["board"]: one["outcome"] for one in document["boards"]}


def check_oracles(lab, name, *, runs=1, lost_for_good=()):
    journal = lab.journal()
    assert overlapping(journal) == []
    assert set(runs_of(journal).values()) <= {runs}
    for host in lab.hosts:
        if host.name in lost_for_good:
            continue
        events = host.events(name)
        assert gaps(events) == []
        assert without_end(events) == []
        assert verdicts_of_lost(events) == []
        assert lab.copy(name, host.name) == events


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def process_of(lab, host, name):
    return until(lambda: host.events(name), 10)[0]["pid"]


def test_every_board_runs_on_its_host_once_and_its_folder_comes_back_whole(make_lab):
    lab = make_lab()
    code, document, _ = lab.run("run", "--all")
    assert code == document["exit_code"] == 1
    assert outcomes(document) == {
        f"{word}{number}": "failed" if word.startswith("bad") else "passed"
        for number in (1, 2, 3)
        for word in ("ok-a", "ok-b", "ok-c", "bad-d")
    }
    for one in document["boards"]:
        [folder] = one["folders"]
        assert not manifest.verify(RunFolder(lab.folder / folder))
        assert one["on_bench"] == []
        host = next(host for host in lab.hosts if host.name == one["host"])
        digest = (host.runs / ".lab" / "received" / Path(folder).name).read_text().strip()
        assert re.fullmatch("[0-9a-f]{64}", digest)
    assert set(runs_of(lab.journal())) == set(outcomes(document))
    check_oracles(lab, document["campaign"])


def test_a_killed_process_on_a_bench_aborts_its_boards_and_no_other_ones(make_lab):
    lab = make_lab(STAND_IN_STEPS="10")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    kill(process_of(lab, lab.hosts[1], name))
    code, document, _ = ended(client)
    assert code == 1  # the boards of other hosts that fail are worse than what is not known
    assert {board: what for board, what in outcomes(document).items() if board.endswith("2")} == {
        "ok-a2": "aborted",
        "ok-b2": "aborted",
        "ok-c2": "aborted",
        "bad-d2": "aborted",
    }
    assert [what for board, what in outcomes(document).items() if board.endswith(("1", "3"))].count(
        "passed"
    ) == 6
    check_oracles(lab, name)
    # What was left is closed: with its report and manifest, pulled and checked, and with no verdict of the board.
    aborted = next(one for one in document["boards"] if one["board"] == "ok-a2")
    folder = RunFolder(lab.folder / aborted["folders"][0])
    assert not manifest.verify(folder)
    assert json.loads((folder.path / "report.json").read_bytes())["incomplete"] is True
    # Asked again, nothing runs again.
    again, document, _ = lab.run("attach", name)
    assert again == 1
    assert outcomes(document)["ok-a2"] == "aborted"
    check_oracles(lab, name)


def test_a_dead_host_costs_its_own_boards_alone_and_nothing_runs_again_when_it_is_back(make_lab):
    lab = make_lab(STAND_IN_STEPS="10")
    client = lab.start("run", "--all", "--json", "--give-up-after=4")
    name = lab.running()
    lab.hosts[0].die()
    code, document, errors = ended(client)
    found = outcomes(document)
    assert {found[f"{word}1"] for word in ("ok-a", "ok-b", "ok-c", "bad-d")} == {"aborted"}
    assert [what for board, what in found.items() if not board.endswith("1")].count("passed") == 6
    assert "host lost" in next(one["reason"] for one in document["boards"] if one["board"] == "ok-a1")
    assert code == 1
    assert "unreachable" in errors
    check_oracles(lab, name, lost_for_good=("bench-1",))
    lab.hosts[0].start()
    _, document, _ = lab.run("attach", name)
    assert outcomes(document)["ok-a1"] == "aborted"
    assert "killed" in next(one["reason"] for one in document["boards"] if one["board"] == "ok-a1")
    check_oracles(lab, name)


def test_a_silent_link_is_unreachable_and_the_progress_goes_on_where_it_was(make_lab):
    lab = make_lab(STAND_IN_STEPS="10", STAND_IN_STEP_S="2.5")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    began = time.monotonic()
    lab.hosts[2].cut_off()
    line = until(
        lambda: next((one for one in iter(client.stderr.readline, "") if "unreachable" in one), None), 40
    )
    assert "bench-3" in line
    assert 10 < time.monotonic() - began < 30
    lab.hosts[2].connect_again()
    code, document, _ = ended(client, 90)
    assert code == 1
    assert sorted(set(outcomes(document).values())) == ["failed", "passed"]
    check_oracles(lab, name)


def test_a_killed_client_harms_no_run_and_any_client_attaches(make_lab):
    lab = make_lab(STAND_IN_STEPS="10")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    kill(client.pid)
    client.communicate()
    elsewhere = lab.root / "client" / "elsewhere"
    attached = [
        lab.start("attach", name, "--json", "--runs", str(elsewhere)),
        lab.start("attach", name, "--json"),
    ]
    for client in attached:
        code, document, _ = ended(client)
        assert code == 1
        assert sorted(outcomes(document).values()).count("passed") == 9
    for host in lab.hosts:
        assert lab.copy(name, host.name, elsewhere) == host.events(name)
    assert not manifest.verify(RunFolder(next(elsewhere.glob("2*-ok-a1"))))
    check_oracles(lab, name)


def test_two_clients_of_one_computer_do_not_attend_to_one_campaign(make_lab):
    lab = make_lab(count=1, STAND_IN_STEPS="100", STAND_IN_STEP_S="1")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    code, document, _ = lab.run("attach", name)
    assert code == 2
    assert "another process" in document["error"]["message"]
    client.send_signal(signal.SIGINT)
    assert ended(client)[0] == 130


def test_a_start_that_may_have_been_heard_is_found_again_and_not_repeated(make_lab):
    lab = make_lab(STAND_IN_START_S="3")
    client = lab.start("run", "--all", "--json")
    until(lambda: len(list(lab.root.glob("bench-*/runs/.lab/begun/*.json"))) == 3, 30)
    for pid in children(client.pid):
        kill(pid)
    code, document, _ = ended(client)
    assert code == 1
    assert sorted(outcomes(document).values()).count("passed") == 9
    check_oracles(lab, document["campaign"])


def test_a_start_is_found_again_by_a_client_that_was_killed_in_it(make_lab):
    lab = make_lab(STAND_IN_START_S="2")
    client = lab.start("run", "--all", "--json")
    until(lambda: len(list(lab.root.glob("bench-*/runs/.lab/begun/*.json"))) == 3, 30)
    kill(client.pid)
    client.communicate()
    code, document, _ = lab.run("attach", "latest")
    assert code == 1
    assert sorted(outcomes(document).values()).count("passed") == 9
    check_oracles(lab, document["campaign"])


def test_a_campaign_that_never_reached_a_host_is_not_begun_by_whoever_attaches(make_lab):
    lab = make_lab(STAND_IN_STEPS="10")
    lab.hosts[2].die()
    client = lab.start("run", "--all", "--json", "--give-up-after=30")
    name = lab.campaign()
    kill(client.pid)
    client.communicate()
    lab.hosts[2].start()
    _, document, _ = lab.run("attach", name)
    assert {outcomes(document)[f"{word}3"] for word in ("ok-a", "ok-b", "ok-c", "bad-d")} == {"not run"}
    assert not lab.hosts[2].runs.joinpath(".campaigns").exists()


def test_the_first_interrupt_ends_all_in_order_with_reports(make_lab):
    lab = make_lab(STAND_IN_STEPS="50")
    client = lab.start("run", "--all", "--json")
    name = lab.running()
    client.send_signal(signal.SIGINT)
    code, document, errors = ended(client)
    assert code == 130
    assert "Ctrl-C again" in errors
    assert all(len(one["folders"]) == 1 for one in document["boards"])
    assert {one["reason"] for one in document["boards"]} == {"stopped"}
    check_oracles(lab, name)


def test_the_second_interrupt_leaves_and_what_runs_goes_on(make_lab):
    lab = make_lab(count=1, boards=["slow-a"], STAND_IN_STEPS="2", STAND_IN_STEP_S="1")
    client = lab.start("run", "--all", "--json")
    name = lab.campaign()
    until(lambda: any(one["event"] == "scenario_started" for one in lab.hosts[0].events(name)), 10)
    client.send_signal(signal.SIGINT)
    time.sleep(0.5)
    client.send_signal(signal.SIGINT)
    code, document, errors = ended(client, 10)
    assert code == 130
    assert outcomes(document) == {"slow-a1": "goes on"}
    assert f"harness lab attach {name}" in errors
    until(lambda: any(one["event"] == "campaign_finished" for one in lab.hosts[0].events(name)), 30)


def test_whoever_attaches_leaves_by_an_interrupt_and_ends_nothing(make_lab):
    lab = make_lab(STAND_IN_STEPS="10", STAND_IN_STEP_S="0.5")
    code, document, _ = lab.run("run", "--all", "--detach")
    assert code == 0
    name = document["campaign"]
    client = lab.start("attach", name, "--json")
    copy = lab.runs / ".lab" / name / "bench-1.progress.jsonl"
    before = copy.stat().st_size if copy.exists() else 0
    until(lambda: copy.exists() and copy.stat().st_size > before, 20)
    client.send_signal(signal.SIGINT)
    code, document, _ = ended(client)
    assert code == 130
    code, document, _ = lab.run("attach", name)
    assert code == 1
    assert sorted(outcomes(document).values()).count("passed") == 9
    check_oracles(lab, name)


def test_another_harness_on_a_host_is_refused_before_anything_is_touched(make_lab):
    lab = make_lab()
    lab.hosts[1].die()
    lab.hosts[1].environment["STAND_IN_VERSION"] = "0.0.9"
    lab.hosts[1].start()
    code, document, _ = lab.run("run", "--all")
    assert code == 2
    assert re.search(r"bench-2 has harness 0\.0\.9 .*, and this computer has ", document["error"]["message"])
    assert not list(lab.root.glob("bench-*/runs/.campaigns"))
    assert not (lab.root / "locks" / "runs.jsonl").exists()
    assert not list((lab.runs / ".lab").glob("2*"))


def test_other_suites_on_a_host_are_refused(make_lab):
    lab = make_lab(count=2)
    for folder in (lab.folder, *(host.folder for host in lab.hosts)):
        (folder / "own").mkdir()
        (folder / "own" / "requirements.yaml").write_text("[]\n")
    (lab.hosts[1].folder / "own" / "test_more.py").write_text("\n")
    code, document, _ = lab.run("run", "--all", "--suites=own")
    assert code == 2
    assert re.search("bench-2 has other suites own", document["error"]["message"])
    assert "bench-1" not in document["error"]["message"]


def test_what_a_run_refuses_on_its_host_is_told(make_lab):
    lab = make_lab(count=2, each={1: ["unknown-a"], 2: ["ok-a"]})
    code, document, errors = lab.run("run", "--all")
    assert code == 2
    assert outcomes(document) == {"unknown-a1": "not run", "ok-a2": "passed"}
    assert "there is no such board" in errors


def test_a_host_that_nobody_vouched_for_is_refused_without_a_question(make_lab):
    lab = make_lab(count=1)
    (lab.root / "known_hosts").write_text("")
    code, document, _ = lab.run("run", "--all", "--give-up-after=2")
    assert code == 2
    assert "Host key verification failed" in document["error"]["message"]


def test_a_run_folder_that_was_changed_on_the_bench_is_not_taken(make_lab):
    lab = make_lab(count=1, boards=["ok-a", "slow-b"], STAND_IN_STEPS="3")
    code, document, _ = lab.run("run", "--all", "--detach")
    name = document["campaign"]
    host = lab.hosts[0]
    until(lambda: any(one["event"] == "run_finished" for one in host.events(name)), 30)
    [folder] = host.runs.glob("2*-ok-a1")
    (folder / "journal.jsonl").write_bytes(
        (folder / "journal.jsonl").read_bytes().replace(b"passed", b"failed")
    )
    code, document, _ = lab.run("attach", name)
    one = next(one for one in document["boards"] if one["board"] == "ok-a1")
    assert code == 3
    assert one["on_bench"] == [folder.name]
    assert "changed journal.jsonl" in one["reason"]
    assert not (lab.runs / folder.name).exists()
    assert not (host.runs / ".lab" / "received" / folder.name).exists()


def test_a_pull_that_broke_goes_on_where_it_was(make_lab):
    lab = make_lab(count=1, boards=["ok-a"])
    code, document, _ = lab.run("run", "--all")
    name, [folder] = document["campaign"], document["boards"][0]["folders"]
    # As if the client had been killed in the middle of the pull.
    note = lab.runs / ".lab" / name / "bench-1.json"
    told = json.loads(note.read_bytes())
    note.write_text(json.dumps({**told, "over": False, "pulled": {}}))
    draft = lab.runs / ".lab" / name / "pulling" / Path(folder).name
    draft.parent.mkdir(exist_ok=True)
    shutil.move(lab.folder / folder, draft)
    journal = draft / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:100])
    (draft / "manifest.json").unlink()
    code, document, _ = lab.run("attach", name)
    assert code == 0
    assert (lab.folder / folder / "journal.jsonl").read_bytes() == whole
    assert not manifest.verify(RunFolder(lab.folder / folder))


def test_a_bench_closes_what_was_left_when_it_starts(make_lab):
    lab = make_lab(count=1, STAND_IN_STEPS="20")
    _, document, _ = lab.run("run", "--all", "--detach")
    name = document["campaign"]
    host = lab.hosts[0]
    lab.running()
    host.die()
    assert without_end(host.events(name)) != []
    closed = lab.start("close", "--runs", str(host.runs))
    out, errors = closed.communicate(timeout=60)
    assert closed.returncode == 0, errors
    assert out.count("aborted") == 4
    assert without_end(host.events(name)) == []
    assert gaps(host.events(name)) == []
    again = lab.start("close", "--runs", str(host.runs))
    assert again.communicate(timeout=60)[0] == ""


def test_an_interrupt_before_anything_began_begins_nothing_and_leaves_at_once(make_lab):
    lab = make_lab(count=1)
    lab.hosts[0].process.send_signal(signal.SIGSTOP)  # it is still asked when the interrupt comes
    client = lab.start("run", "--all", "--json")
    until(lambda: list(lab.folder.glob("runs/.lab/2*/lab.json")), 30)
    time.sleep(0.5)
    client.send_signal(signal.SIGINT)
    code, document, errors = ended(client, 20)
    assert code == 130, (code, document, errors)
    assert "nothing was begun on any host" in errors
    assert set(outcomes(document).values()) == {"not run"}
    assert not list(lab.folder.glob("runs/.lab/2*"))
