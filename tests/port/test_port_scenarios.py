"""Each fault of a port is found by the requirement that is meant for it, and by no other; a sound port has none."""

import pytest

from harness.fixtures.port.far_end import FarEnd
from harness.hostload import Span, host

ALL = {
    "PORT-01",
    *(f"OSA-TIME-0{number}" for number in range(1, 5)),
    "OSA-SLEEP-01",
    "OSA-SLEEP-02",
    *(f"OSA-MEM-0{number}" for number in range(1, 5)),
    "OSA-TEXT-01",
    "OSA-TEXT-02",
    "OSA-TEXT-03",
    "OSA-MUTEX-01",
    "OSA-MUTEX-02",
    *(f"OSA-SEM-0{number}" for number in range(1, 4)),
    "OSA-THREAD-01",
    *(f"NET-0{number}" for number in range(1, 7)),
    *(f"BOARD-0{number}" for number in range(1, 5)),
}


@pytest.mark.parametrize("rtc", [False, True])
def test_a_sound_port_passes_everything(bench, rtc):
    seen = bench(rtc=rtc).run()
    assert seen.errors == {}
    assert seen.verdicts == dict.fromkeys(ALL, "passed")
    assert abs(seen.measured["drift of ls_osa_get_time_ms"]) < 100
    assert seen.measured["longest msleep beyond what was asked"] == 0
    assert seen.findings == []


@pytest.mark.parametrize(
    ("fault", "modules", "failed", "says"),
    [
        ("TIME_JUMPS_BACK", "test_osa_time", {"OSA-TIME-02"}, "was read after"),
        ("TIME_DRIFTS", "test_osa_time", {"OSA-TIME-03"}, "allowed are 20000 millionths"),
        ("TIME_COARSE", "test_osa_time", {"OSA-TIME-01"}, "multiples of 10 ms apart"),
        ("TIME_RESTARTS", "test_osa_time", {"OSA-TIME-02"}, "was read after"),
        ("time jumps over a reset", "test_osa_time", {"OSA-TIME-04"}, "no RTC is declared"),
        ("SLEEP_SHORT", "test_osa_sleep", {"OSA-SLEEP-01"}, "less than was asked for"),
        ("SLEEP_LONG", "test_osa_sleep", {"OSA-SLEEP-02"}, "more than 10 ms longer than asked"),
        ("CALLOC_DIRTY", "test_osa_memory", {"OSA-MEM-01"}, "were not 0"),
        ("MALLOC_OVERLAPS", "test_osa_memory", {"OSA-MEM-02", "OSA-MEM-04"}, "did not keep what was written"),
        ("FREE_FORGETS", "test_osa_memory", {"OSA-MEM-03"}, "loses memory each time"),
        ("never lives on", "test_osa_memory", {"OSA-MEM-04"}, "the board gives no memory"),
        ("SNPRINTF_NO_END", "test_osa_text", {"OSA-TEXT-02"}, "no NUL is in the buffer"),
        ("SNPRINTF_LOWER_CASE", "test_osa_text", {"OSA-TEXT-01", "OSA-TEXT-02"}, "'0000beef' was written"),
        ("SNPRINTF_NO_PRECISION", "test_osa_text", {"OSA-TEXT-01"}, "is right"),
        ("snprintf one byte too far", "test_osa_text", {"OSA-TEXT-02"}, "1 bytes behind the buffer"),
        ("print cuts", "test_osa_text", {"OSA-TEXT-03"}, "of a line of 112 characters came 'id2-print-2-"),
        ("mutex of one lock", "test_osa_tasks", {"OSA-MUTEX-01"}, "1 of the 6 steps"),
        ("MUTEX_NOT_LOCKING", "test_osa_tasks", {"OSA-MUTEX-02"}, "a thread locked it 20 times"),
        ("SEMAPHORE_NOT_WAITING", "test_osa_tasks", {"OSA-SEM-01"}, "nobody posted the semaphore"),
        ("semaphore waits too short", "test_osa_tasks", {"OSA-SEM-02"}, "less than was asked for"),
        ("semaphore waits too long", "test_osa_tasks", {"OSA-SEM-02"}, "longer than asked"),
        ("semaphore cannot be taken", "test_osa_tasks", {"OSA-SEM-03"}, "was posted"),
        ("semaphore is taken late", "test_osa_tasks", {"OSA-SEM-03"}, "and each time"),
        ("THREAD_NEVER_RUNS", "test_osa_tasks", {"OSA-THREAD-01"}, "counted to 0 of 20"),
        ("no thread", "test_osa_tasks", {"OSA-THREAD-01", "OSA-MUTEX-02"}, "made no thread"),
        (
            "CONNECT_REFUSED_OK",
            "test_network",
            {"NET-02"},
            "nobody listened, and ls_osa_net_connect returned 77",
        ),
        ("descriptors are not given back", "test_network", None, "returned -1"),
        ("SEND_TRUNCATES", "test_network", {"NET-03"}, "and 1000 of 1023 bytes arrived"),
        ("a byte changes", "test_network", {"NET-03", "NET-06"}, "other bytes arrived from byte 0 on"),
        ("RECEIVE_IGNORES_TIMEOUT", "test_network", {"NET-05"}, "at most 3.01"),
        ("receives too short", "test_network", {"NET-05"}, "at least 0.1"),
        ("ends with its far end", "test_network", {"NET-06"}, "had ended its stream, ls_osa_net_send"),
        ("no reset", "test_board", {"BOARD-01", "BOARD-03"}, "did not happen"),
        ("silent after a reset", "test_board", {"BOARD-01", "BOARD-03"}, "said nothing for 30 s"),
        ("wrong cause", "test_board", {"BOARD-02"}, "the cause was power-on"),
        ("uptime stands still", "test_board", {"BOARD-03"}, "from 42 ms to 42 ms"),
        ("uptime goes on", "test_board", {"BOARD-03"}, "has been up for"),
        ("no crash", "test_board", {"BOARD-04"}, "none of the crashes"),
    ],
)
def test_each_fault_is_found_by_its_requirement(bench, fault, modules, failed, says):
    seen = bench(fault).run(modules)
    assert failed is None or seen.failed == failed, seen.errors
    assert any(says in error for error in seen.errors.values()), seen.errors
    assert not set(seen.verdicts.values()) & {"blocked", "error"}


def test_a_missing_function_is_named_with_what_it_must_do_and_where_to_look(bench):
    seen = bench(missing=frozenset({"slp", "kvd", "sik"})).run("test_port")
    assert seen.failed == {"PORT-01"}
    told = seen.errors["PORT-01"]
    assert "osa: ls_osa_msleep (must wait for some milliseconds); look at ls_osa.h" in told
    assert "ls_hal_kv_del" in told
    assert "set_id2_and_key" not in told


def test_a_group_that_nobody_declares_is_not_missed(bench):
    seen = bench(missing=frozenset({"slp"}), port=("kv",)).run("test_port")
    assert seen.verdicts == {"PORT-01": "passed"}
    assert any("the group osa" in note for note in seen.notes)


def test_an_endless_heap_is_neither_passed_nor_failed(bench):
    seen = bench("an endless heap").run("test_osa_memory")
    assert seen.verdicts["OSA-MEM-03"] == seen.verdicts["OSA-MEM-04"] == "not_applicable"
    assert "65536 blocks" in seen.errors["OSA-MEM-03"]


def test_a_board_without_a_watchdog_says_so_and_is_not_accused(bench):
    seen = bench("no watchdog").run("test_board")
    assert seen.errors == {}
    assert any("cannot be reset by its watchdog" in note for note in seen.notes)


def test_a_board_that_hangs_without_a_controller_is_blocked(bench):
    seen = bench("silent after a reset", controller=False).run("test_board")
    assert seen.verdicts["BOARD-01"] == "blocked"


@pytest.mark.slow
@pytest.mark.parametrize(("on_this_machine", "verdict"), [(True, "failed"), (False, "blocked")])
def test_what_never_arrives_over_a_network_may_have_been_lost_there(
    bench, monkeypatch, on_this_machine, verdict
):
    monkeypatch.setattr(FarEnd, "on_this_machine", on_this_machine)
    seen = bench("never connects").run("test_network")
    assert seen.verdicts["NET-01"] == verdict
    assert "ls_osa_net_connect to a server that listens returned -1" in seen.errors["NET-01"]


@pytest.mark.parametrize(
    ("fault", "verdict", "findings"),
    [
        ("snprintf as Microsoft's", "passed", 1),
        ("snprintf as Microsoft's, without an end", "failed", 0),
        ("snprintf as Microsoft's, an older probe", "blocked", 0),
    ],
)
def test_a_negative_value_for_a_text_that_is_cut_is_no_more_than_odd(bench, fault, verdict, findings):
    seen = bench(fault).run("test_osa_text")
    assert seen.verdicts == {"OSA-TEXT-01": "passed", "OSA-TEXT-02": verdict, "OSA-TEXT-03": "passed"}
    assert len(seen.findings) == findings


@pytest.mark.parametrize(
    ("fault", "verdict", "told"),
    [
        ("", "passed", False),
        ("descriptors of many are not given back", "failed", False),
        ("descriptors of more are not given back", "passed", True),
        ("descriptors are counted", "passed", True),
    ],
)
def test_descriptors_that_all_differ_are_watched_longer_and_are_no_fault_alone(bench, fault, verdict, told):
    seen = bench(fault).run("test_network")
    assert seen.verdicts["NET-01"] == verdict
    assert [found[0] for found in seen.findings] == ["net-descriptors-differ"] * told


def test_a_print_that_is_not_heard_is_blocked(bench):
    seen = bench("prints elsewhere").run("test_osa_text")
    assert seen.verdicts["OSA-TEXT-03"] == "blocked"


@pytest.mark.parametrize(
    ("fault", "module", "requirement"),
    [
        ("SLEEP_LONG", "test_osa_sleep", "OSA-SLEEP-02"),
        ("THREAD_NEVER_RUNS", "test_osa_tasks", "OSA-THREAD-01"),
        ("semaphore waits too long", "test_osa_tasks", "OSA-SEM-02"),
    ],
)
@pytest.mark.parametrize(("simulated", "verdict"), [(True, "blocked"), (False, "failed")])
def test_a_busy_computer_excuses_only_a_board_that_is_a_program_on_it(
    bench, monkeypatch, fault, module, requirement, simulated, verdict
):
    made = bench(fault, simulated=simulated)
    monkeypatch.setattr(host(), "since", lambda _: Span(100.0, 60.0), raising=False)
    assert made.run(module).verdicts[requirement] == verdict
