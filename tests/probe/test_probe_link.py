"""Calls through a probe: what goes over, what comes back, and that nothing is ever carried out twice."""

import threading

import pytest

from harness.errors import BenchError, DeviceError, ToolError
from harness.probe.answers import NULL, Null
from harness.probe.errors import (
    CallLostError,
    CrashedError,
    MissingFunctionError,
    NoProbeError,
    ProbeProtocolError,
    UnansweredCallError,
)
from harness.probe.functions import FUNCTIONS, Group
from harness.probe.settings import LineEnd, Pace, Probe
from tests.probe.fake_probe import FakeProbe

LONG = bytes(number * 7 % 256 for number in range(1000))


def echoing(arguments):
    """Answer what came in slot a."""
    return 0, None, arguments.a or b""


def firmware(**functions):
    return FakeProbe(
        functions={"gid": lambda _: (0, 24, b"2122232425262728292A2B2C"), "dec": echoing, **functions}
    )


def test_a_call_gives_what_the_device_answered(connect):
    link, _ = connect(firmware())
    answer = link.call("gid", out=48)
    assert (answer.rc, answer.length, answer.data, answer.overwritten) == (
        0,
        24,
        b"2122232425262728292A2B2C",
        0,
    )


def test_the_hello_tells_what_the_firmware_has(connect):
    link, _ = connect(FakeProbe(groups=0b1011, name="acme-1.2", functions={"gid": echoing, "sop": echoing}))
    assert link.hello.groups == {Group.CLIENT, Group.KPM, Group.DRIVER}
    assert link.hello.name == "acme-1.2"
    assert link.functions == {"gid", "sop"}
    assert link.starts == 0


def test_long_inputs_and_results_go_over_whole(connect):
    link, _ = connect(firmware())
    assert link.call("dec", a=LONG, out=1024).data == LONG


def test_null_and_nothing_are_told_apart(connect):
    seen = []

    def look(arguments):
        seen.append((arguments.a, arguments.b, arguments.capacity, arguments.k))
        return 0, 0, b""

    link, line = connect(firmware(cac=look))
    link.call("cac", a=b"", b=NULL, out=Null(7), k=3)
    assert seen == [(b"", None, None, 3)]
    assert b" run cac a=0,o=-7,k=3 %" in line.written


def test_an_error_has_no_result_and_keeps_the_length(connect):
    link, _ = connect(firmware(gid=lambda _: (-3, 48, b"")))
    answer = link.call("gid", out=24)
    assert (answer.rc, answer.length, answer.data) == (-3, 48, b"")


def test_a_length_beyond_the_buffer_is_told_and_the_buffer_given(connect):
    link, _ = connect(firmware(gid=lambda _: (0, 4096, b"x" * 48)))
    answer = link.call("gid", out=48)
    assert (answer.length, answer.data) == (4096, b"x" * 48)


def test_what_the_firmware_does_not_have_is_told_with_name_and_place(connect):
    link, _ = connect(firmware())
    with pytest.raises(MissingFunctionError) as caught:
        link.call("sec", c=b"seed", out=64)
    assert caught.value.function == "sec"
    assert "id2_client_get_secret" in caught.value.message
    assert "id2_client.h" in caught.value.hint


def test_a_function_of_no_protocol_is_a_mistake_of_the_harness(connect):
    link, _ = connect(firmware())
    with pytest.raises(ToolError, match="no function 'xyz'"):
        link.call("xyz")


def test_a_probe_too_small_for_a_call_blocks_and_says_which_buffer(connect):
    link, _ = connect(FakeProbe(functions={"dec": echoing}, slots=(1024, 512, 128)))
    with pytest.raises(NoProbeError, match="slot a holds 1024 bytes, 1040 are needed"):
        link.call("dec", a=bytes(1040), out=1024)


def test_an_input_that_is_there_is_not_sent_again(connect):
    link, line = connect(firmware())
    link.call("dec", a=LONG, out=1024)
    sent = len(line.written)
    link.call("dec", a=LONG, out=1024)
    assert b" put " not in line.written[sent:]


def test_one_call_is_one_line_and_one_more_for_each_piece(connect):
    link, _ = connect(firmware())
    link.call("gid", out=48)
    before = link.traffic.sent
    link.call("gid", out=48)
    assert link.traffic.sent - before == 1
    link.call("dec", a=b"A" * 50, out=48)
    assert link.traffic.sent - before == 1 + 3


def trips_of(link, line, call):
    """Return how many lines a call sends that carry no piece of a value, and how many that do."""
    sent, before = link.traffic.sent, len(line.written)
    call()
    written = bytes(line.written[before:])
    pieces = written.count(b" put ") + written.count(b" get ")
    return link.traffic.sent - sent - pieces, pieces


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - {"rst", "crs"}))
def test_a_call_of_any_kind_needs_three_round_trips_at_most_beside_those_of_its_pieces(connect, function):
    said = [(0, 300, LONG[:300])]
    link, line = connect(FakeProbe(functions={function: lambda _: said[-1]}))

    def call(secret):
        answer = link.call(function, a=LONG[:32], b=b"B" * 32, c=b"C" * 16, out=512, k=1, secret=secret)
        assert (answer.rc, answer.data) == (said[-1][0], said[-1][2])

    fill, fetch = 2 + 1 + 1, 3  # 32 bytes in hex need two lines; the first 40 of a result come with its end
    greeting = wiping = 1
    assert trips_of(link, line, lambda: call(secret=True)) == (greeting + 1 + wiping, fill + fetch)
    assert trips_of(link, line, lambda: call(secret=False)) == (1, fill + fetch)
    said.append((0, 16, b"ABCDEFGHIJKLMNOP"))
    assert trips_of(link, line, lambda: call(secret=True))[0] == 1 + wiping
    said.append((-3, 512, b""))
    assert trips_of(link, line, lambda: call(secret=False)) == (1, fill)


# ---- noise
@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.001, 0.0025, 0.005])
def test_on_a_line_that_loses_and_flips_bytes_every_answer_is_right_and_nothing_runs_twice(connect, rate):
    called = []

    def count(arguments):
        called.append(arguments.k)
        return 0, None, arguments.a

    probe = firmware(dec=count)
    link, _line = connect(probe, lost=rate, flipped=rate, logs=0.05)
    for number in range(25):
        data = bytes((number * 31 + place) % 256 for place in range(300))
        assert link.call("dec", a=data, out=1024, k=number + 1).data == data
    assert called == list(range(1, 26))
    assert link.traffic.repeated > 0


@pytest.mark.slow
def test_the_pieces_of_a_result_grow_smaller_with_noise_and_larger_without(connect):
    probe = firmware()
    link, line = connect(probe)
    link.call("dec", a=LONG, out=1024)
    assert b" get 40 128 %" in line.written
    line.lost = 0.01
    for number in range(3):
        link.call("dec", a=LONG, out=1024, k=number)
    written = bytes(line.written)
    assert b" 32 %" in written or b" 16 %" in written
    line.lost = 0.0
    sent = len(line.written)
    for number in range(4):
        link.call("dec", a=LONG, out=1024, k=number)
    assert b" 128 %" in line.written[sent:]


def test_a_shell_that_echoes_does_not_disturb(connect):
    link, _ = connect(firmware(), echo=True)
    assert link.call("dec", a=LONG, out=1024).data == LONG


def test_much_log_output_does_not_disturb(connect):
    link, line = connect(firmware())

    def flood(_):
        line.print(b"[inf] wifi(77): rssi -61 %ABCD\r\n" * 4000)
        return False

    line.on_write = flood
    assert link.call("dec", a=LONG[:100], out=1024).data == LONG[:100]


def test_a_line_whose_end_is_lost_is_sent_again(connect):
    probe = firmware()
    link, line = connect(probe)
    _ = link.hello
    left = [2]

    def lose_end(data):
        if b" put " in data and left[0]:
            left[0] -= 1
            probe.feed(data.rstrip(b"\n").lstrip(b"\n"))
            line.flush()
            return True
        return False

    line.on_write = lose_end
    assert link.call("dec", a=LONG, out=1024).data == LONG
    assert left == [0]
    assert sum(probe.calls.values()) == 1


def lose(line, wanted, times=1):
    """Let replies that hold `wanted` get lost, so many times."""
    flush, left = line.flush, [times]

    def flush_some():
        said = bytes(line.probe.out)
        if wanted in said and left[0]:
            left[0] -= 1
            at = said.index(wanted)
            begin, end = said.rindex(b"\r\n", 0, at), said.index(b"\r\n", at) + 2
            line.probe.out = bytearray(said[:begin] + said[end:])
        flush()

    line.flush = flush_some


@pytest.mark.parametrize("wanted", [b" AK ", b" OK 0 24 ", b" HI "])
@pytest.mark.parametrize("times", [1, 3])
def test_a_reply_that_is_lost_is_had_without_a_second_call(connect, wanted, times):
    probe = firmware()
    link, line = connect(probe)
    lose(line, wanted, times)
    assert link.call("gid", out=48).data == b"2122232425262728292A2B2C"
    assert sum(probe.calls.values()) == 1


def test_acknowledgement_and_answer_both_lost_is_no_second_call(connect):
    probe = firmware()
    link, line = connect(probe)
    _ = link.hello
    lose(line, b" OK 0 24 ")
    lose(line, b" AK ")
    assert link.call("gid", out=48).rc == 0
    assert sum(probe.calls.values()) == 1


def test_a_board_that_answers_late_is_waited_for_and_the_link_grows_patient(connect):
    probe = firmware()
    link, _line = connect(probe, delay=0.2)
    for number in range(3):
        assert link.call("gid", out=48, k=number).rc == 0
    sent = link.traffic.sent
    assert link.call("gid", out=48, k=9).rc == 0
    assert link.traffic.sent - sent == 1
    assert set(probe.calls.values()) == {1}


@pytest.mark.slow
def test_a_silent_board_blocks(connect):
    link, line = connect(firmware())
    line.on_write = lambda _: True
    with pytest.raises(NoProbeError, match="nothing answers as a probe") as caught:
        _ = link.hello
    assert isinstance(caught.value, BenchError)


@pytest.mark.slow
def test_a_call_that_never_ends_blocks_and_says_that_it_began(connect):
    probe = firmware()
    link, line = connect(probe)
    _ = link.hello

    def stop_after_acknowledgement(data):
        if b" run " in data:
            probe.feed(data)
            said = bytes(probe.out)
            probe.out.clear()
            line.print(said[: said.index(b" OK ") - 15])
        return True

    line.on_write = stop_after_acknowledgement
    with pytest.raises(UnansweredCallError, match="gid began and did not end"):
        link.call("gid", out=48, limit=0.2)
    assert sum(probe.calls.values()) == 1


# ---- starts
def test_a_start_in_the_middle_of_a_call_loses_it_and_says_so(connect):
    probe = firmware()
    link, _line = connect(probe)

    def crash(_):
        probe.start()
        return 0, 0, b""

    probe.functions["gid"] = crash
    probe.functions["ini"] = lambda _: (0, 0, b"")
    with pytest.raises(CallLostError, match="in the middle of the call gid"):
        link.call("gid", out=48)
    assert probe.calls["gid", "o=48"] == 1
    assert link.starts == 1
    assert link.call("ini").rc == 0


def test_a_start_with_a_crash_on_the_console_is_evidence(connect):
    probe = firmware()
    link, line = connect(probe, crash_in=lambda data: "hard fault" if b"HardFault" in data else "")

    def crash(_):
        line.print(b"\r\nHardFault at 0x08001234\r\n")
        probe.start()
        return 0, 0, b""

    probe.functions["gid"] = crash
    with pytest.raises(CrashedError, match="hard fault") as caught:
        link.call("gid", out=48)
    assert isinstance(caught.value, DeviceError)


def test_a_start_between_two_calls_ends_the_next_one_before_it_is_made(connect):
    probe = firmware()
    link, line = connect(probe)
    link.call("gid", out=48)
    line.restart()
    with pytest.raises(CallLostError, match="before the call dec, which was not made"):
        link.call("dec", a=b"abc", out=48)
    assert probe.calls["dec", "a=3,o=48"] == 0
    assert link.call("dec", a=b"abc", out=48).data == b"abc"


def test_a_call_whose_line_was_lost_before_a_start_runs_at_most_once(connect):
    probe = firmware()
    link, line = connect(probe)
    _ = link.hello

    def restart_unheard(data):
        if b" run " in data:
            line.on_write = None
            probe.feed(data)
            probe.start()
            probe.out.clear()  # nothing of it is heard
            return True
        return False

    line.on_write = restart_unheard
    with pytest.raises(CallLostError):
        link.call("gid", out=48)
    assert sum(probe.calls.values()) == 1


def test_a_board_whose_boot_id_never_changes_is_told_by_its_hello(connect):
    probe = firmware()
    probe.same_boot = True
    link, line = connect(probe)
    link.call("gid", out=48)
    line.restart()
    with pytest.raises(CallLostError):
        link.call("gid", out=48)


def test_an_answer_that_is_gone_in_the_same_start_is_not_told_as_a_start(connect):
    probe = firmware()
    link, line = connect(probe)
    _ = link.hello
    lose(line, b" OK 0 24 ")
    probe.keeps_answer = False
    with pytest.raises(
        CallLostError, match=r"no answer to it \(NK 8\), under the same boot id 3F1C"
    ) as caught:
        link.call("gid", out=48)
    assert "started anew" not in caught.value.message
    assert sum(probe.calls.values()) == 1


def test_slots_that_are_empty_again_show_a_start_whose_hello_was_lost(connect):
    probe = firmware()
    probe.same_boot = True
    link, _line = connect(probe)
    link.call("dec", a=b"abc", out=48)
    probe.start()
    probe.out.clear()
    with pytest.raises(CallLostError):
        link.call("dec", a=b"abc", out=48)


def test_a_start_that_was_asked_for_is_waited_for(connect):
    probe = firmware()
    link, line = connect(probe)
    before = link.hello.boot
    line.restart()
    assert link.again().boot != before
    assert link.starts == 1
    assert link.call("gid", out=48).rc == 0


def test_a_start_whose_hello_was_lost_is_found_by_asking(connect):
    probe = firmware()
    link, _line = connect(probe)
    _ = link.hello
    probe.start()
    probe.out.clear()
    assert link.again().boot == probe.boot
    assert link.starts == 1


def test_a_board_that_does_not_start_anew_blocks(connect):
    link, _line = connect(firmware())
    _ = link.hello
    with pytest.raises(NoProbeError, match="did not start anew"):
        link.again(limit=0.6)


def test_a_board_that_starts_again_and_again_blocks(connect):
    probe = firmware()
    link, line = connect(probe)
    _ = link.hello

    def start(_):
        line.restart()
        return True

    line.on_write = start
    line.restart()
    with pytest.raises(NoProbeError, match="again and again"):
        link.again()


def test_a_function_that_starts_the_board_anew_is_waited_out(connect):
    probe = firmware()
    link, _line = connect(probe)
    before = link.hello.boot

    def restart(_):
        probe.start()
        return 0, 0, b""

    probe.functions["rst"] = restart
    assert link.start_by("rst", k=1).boot != before
    assert probe.calls["rst", "k=1"] == 1


def starting(probe, *, takes=True):
    def restart(_):
        if takes:
            probe.start()
        return 0, 0, b""

    probe.functions["rst"] = restart
    return probe


def test_a_start_that_is_ordered_is_left_for_who_waits_for_it(connect):
    probe = starting(firmware())
    link, _line = connect(probe)
    before = link.hello.boot
    link.order_start("rst")
    assert link.again().boot == probe.boot != before
    assert sum(count for (name, _), count in probe.calls.items() if name == "rst") == 1
    assert link.starts == 1


def test_an_order_that_does_not_start_the_board_shows_to_who_waits_for_it(connect):
    link, _line = connect(starting(firmware(), takes=False))
    link.order_start("rst")
    with pytest.raises(NoProbeError, match="did not start anew"):
        link.again(limit=0.6)


def test_a_start_cannot_be_ordered_of_a_firmware_without_the_function(connect):
    link, _line = connect(firmware())
    with pytest.raises(MissingFunctionError):
        link.order_start("rst")


# ---- what no probe says
def test_a_probe_of_another_version_says_what_to_update(connect):
    link, _ = connect(FakeProbe(version=2))
    with pytest.raises(NoProbeError, match="version 2") as caught:
        _ = link.hello
    assert "update the harness" in caught.value.hint


@pytest.mark.parametrize(
    "hello",
    [
        "p=1 l=79 in=1024,512 o=1024 g=00000001 n=-",
        "p=1 l=5 in=1024,512,128 o=1024 g=00000001 n=-",
        "p=1 l=79 in=1024,512,128 o=99999999999 g=1 n=-",
        "p=1 l=79 in=a,b,c o=1024 g=00000001 n=-",
        "nonsense",
    ],
)
def test_a_hello_that_cannot_be_is_told(connect, hello):
    probe = firmware()
    probe.hello = hello
    link, _ = connect(probe)
    with pytest.raises(ProbeProtocolError, match="right check sum is no hello"):
        _ = link.hello


@pytest.mark.parametrize(
    "said",
    [
        "0 24",
        "0 24 FFFF",
        "0 2 892C t:abc",
        "-1 0 FFFF",
        "99999999999 0 FFFF",
        "0 -5 FFFF",
        "0 3 892C t:a!c",
        "0 0 FFFF w=x",
        "x 0 FFFF",
    ],
)
def test_an_answer_that_cannot_be_is_told(connect, said):
    probe = firmware()
    link, _ = connect(probe)
    _ = link.hello
    say = probe._say
    probe._say = lambda seq, kind, words="": say(seq, kind, said if kind == "OK" else words)
    with pytest.raises(ProbeProtocolError):
        link.call("gid", out=48)


def test_a_result_that_does_not_have_its_check_sum_is_told(connect):
    probe = firmware()
    link, _ = connect(probe)
    _ = link.hello
    say = probe._say
    probe._say = lambda seq, kind, words="": say(seq, kind, "0 3 0001 t:abc" if kind == "OK" else words)
    with pytest.raises(ProbeProtocolError, match="check sum"):
        link.call("gid", out=48)


# ---- the board file's ways
@pytest.mark.parametrize("line_end", LineEnd)
def test_lines_end_and_begin_as_the_board_file_says(connect, line_end):
    probe = firmware()
    settings = Probe(answer_s=0.05, start_s=0.4, line_end=line_end, prefix="sh")
    link, line = connect(probe, settings)
    line.on_write = lambda data: probe.feed(data.replace(b"sh id2p", b"id2p")) or line.flush() or True
    assert link.call("gid", out=48).rc == 0
    assert b"sh id2p" in line.written
    assert line.written.endswith(line_end.data)


def test_a_slow_uart_gets_its_pieces_one_after_the_other(connect):
    pieces = []
    probe = firmware()
    settings = Probe(answer_s=0.05, start_s=0.4, pace=Pace(at_once=8, pause_s=0.001))
    link, line = connect(probe, settings)
    line.on_write = pieces.append
    assert link.call("gid", out=48).rc == 0
    assert max(map(len, pieces)) == 8


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_boot_loader_that_any_key_stops_comes_through_a_reset_on_order(connect, acknowledged):
    probe = firmware(rst=echoing)
    link, line = connect(probe)
    before = link.hello.boot
    keys, begun = [], threading.Event()

    def start(data):
        if begun.is_set():
            keys.append(data)
        elif b" run rst" in data:
            begun.set()
            if acknowledged:
                probe._say(int(data.split()[1], 16), "AK")
                line.flush()
            line.print(b"Hit any key to stop autoboot:  2 \r\nID2P of a version that nobody knows\r\n")
            threading.Timer(0.3, boot).start()
        else:
            return False
        return True

    def boot():
        line.on_write = None
        line.restart()

    line.on_write = start
    with pytest.raises(CallLostError):
        link.call("rst", limit=2.0)
    assert keys == []
    assert link.hello.boot != before


def test_somebody_logs_in_before_each_start_is_greeted(connect):
    probe = firmware()
    logged_in = []

    def log_in():
        logged_in.append(bytes(line.written))

    link, line = connect(probe, log_in=log_in)
    _ = link.hello
    _ = link.hello
    assert logged_in == [b""]
    line.restart()
    _ = link.again()
    assert len(logged_in) == 2
    with pytest.raises(NoProbeError, match="did not start anew"):
        link.again(limit=0.6)
    assert len(logged_in) > 2


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_boot_loader_that_any_key_stops_comes_through_a_power_cut_in_a_call(connect, acknowledged):
    probe = firmware()
    asked, keys = [], []
    link, line = connect(probe, Probe(answer_s=0.05, start_s=2.0, call_s=4.0), asked=lambda: len(asked))
    _ = link.hello

    def cut(data):
        if asked:
            keys.append(data)
        elif b" run dec" in data:
            asked.append(1)
            if acknowledged:
                probe._say(int(data.split()[1], 16), "AK")
                line.flush()
            threading.Timer(0.7, boot).start()
        else:
            return False
        return True

    def boot():
        line.on_write = None
        line.restart()

    line.on_write = cut
    with pytest.raises(CallLostError):
        link.call("dec", a=b"abc", out=48)
    assert keys == []
    assert link.call("gid", out=48).rc == 0
