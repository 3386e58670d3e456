"""Lines: their ends and lengths, check sums, seq, repetition, slots and results (docs/probe-protocol.md)."""

import pytest

from tests.firmware.conftest import ALL, REPLY, replies, with_crc

FULL = 79
HI = "HI p=1 l=79 in=1024,512,128 o=1024 g=0001FFFF n=-"


def test_a_line_ends_with_lf_cr_or_both(firmware):
    line = with_crc("id2p 01 hi")
    for end in ("\n", "\r", "\r\n", "\n\r", "\n\n\n"):
        assert replies(firmware.feed(line + end)) == [f"01 {HI}"]


def test_a_line_comes_in_parts(firmware):
    line = with_crc("id2p 01 hi")
    assert firmware.feed(line[:7]) == ""
    assert firmware.feed(line[7:]) == ""
    assert replies(firmware.feed("\n")) == [f"01 {HI}"]


@pytest.mark.parametrize(
    "noise",
    [
        "help\n",
        "\n\r\n",
        "id2\n",
        "id2pq 01 hi %0000\n",
        " id2p 01 hi %0000\n",
        "ID2P 01 hi %0000\n",
        "\r\n+ID2P 01 3F1C OK 0 32 2E70 %0534\r\n",
        bytes(byte for byte in range(256) if byte not in b"\r\n") + b"\n",
        b"\x00id2p 01 hi %0000\n",
        "x" * 5000 + "\n",
        "x" * 5000 + "id2p 00 hi\n",
    ],
)
def test_what_is_no_request_is_not_answered(firmware, noise):
    assert firmware.feed(noise) == ""
    assert firmware.ask("01 hi") == [f"01 {HI}"]
    assert firmware.calls() == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("id2p", "00 NK 1"),
        ("id2p ", "00 NK 1"),
        ("id2p 01", "01 NK 1"),
        ("id2p 01 run ini", "01 NK 1"),
        ("id2p 01 run ini %0000", "01 NK 1"),
        ("id2p 01 run ini 9381", "01 NK 1"),
        ("id2p 01 run ini %", "01 NK 1"),
        ("id2p 0 run ini", "00 NK 1"),
        ("id2p 0a run ini", "00 NK 1"),
        ("id2p 001 run ini", "00 NK 1"),
        ("id2p 00", "00 NK 3"),
        ("id2p 00 run ini %0000", "00 NK 1"),  # a person need not give one, but a wrong one is wrong
        ("id2p 00run ini", "00 NK 1"),
        (with_crc("id2p zz run ini"), "00 NK 3"),
        (with_crc("id2p 1 run ini"), "00 NK 3"),
        (with_crc("id2p 01"), "01 NK 3"),
        (with_crc("id2p 01 run ini").lower(), "01 NK 1"),
    ],
)
def test_a_request_that_is_not_whole_calls_nothing(firmware, line, answer):
    assert replies(firmware.feed(line + "\n")) == [answer]
    assert firmware.calls() == []


def test_every_single_wrong_character_is_noise(firmware):
    line = with_crc("id2p 01 run ini")
    for at in range(len(line)):
        for character in "\x00 019AFar%~\xff":
            damaged = line[:at] + character + line[at + 1 :]
            if damaged != line:
                assert all(answer.endswith("NK 1") for answer in replies(firmware.feed(damaged + "\n")))
        firmware.feed(line[:at] + line[at + 1 :] + "\n")
    assert firmware.calls() == []
    assert firmware.ask("01 run ini") == ["01 AK", "01 OK 0 0 FFFF"]


def test_a_line_is_as_long_as_the_hello_says(firmware):
    text = "id2p 01 put a 0 t:"
    longest = with_crc(text + "A" * (FULL - 6 - len(text)))
    assert len(longest) == FULL
    assert replies(firmware.feed(longest + "\n"))[0].startswith("01 OK 0 55 ")
    longer = with_crc(text + "B" * (FULL - 5 - len(text)))
    assert replies(firmware.feed(longer + "\n")) == ["01 NK 6"]
    assert replies(firmware.feed("id2p 02 run ini" + " " * 5000 + "\n")) == ["02 NK 6"]
    assert replies(firmware.feed("id2p " * 60 + "\n")) == ["00 NK 6"]
    assert firmware.ask("03 run ini") == ["03 AK", "03 OK 0 0 FFFF"]
    assert len(firmware.calls()) == 1


def test_the_longest_line_can_be_set(built):
    firmware = built(**ALL, LINE=255)
    assert firmware.ask(f"01 put a 0 x:{'5A' * 115}")[0].startswith("01 OK 0 115 ")
    assert " l=255 " in firmware.ask("02 hi")[0]


@pytest.mark.parametrize("verb", ["", "Hi", "hello", "RUN", "ru", "runs", "rep1"])
def test_an_unknown_verb(firmware, verb):
    assert firmware.ask(f"01 {verb} ini") == ["01 NK 2"]


@pytest.mark.parametrize(
    "request_",
    [
        *(
            "hi now",
            "clr a",
            "rep 1",
            "run",
            "run ini k=1 m=1",
            "put a 0",
            "put a 0 t:A t:B",
            "get 0",
            "get 0 1 1",
        ),
        "run ini 1 2 3 4 5 6 7 8",
        *(
            "put a -1 t:A",
            "put a 4294967296 t:A",
            "put a 99999999999999999999 t:A",
            "put a 0x1 t:A",
            "put a 0 A",
        ),
        *(
            "put a 0 x:A",
            "put a 0 x:5a",
            "put a 0 x:G0",
            "put a 0 t",
            "put a 0 y:AB",
            "put a 0 t:a*b",
            "put a 0 t:a%b",
        ),
        *("get -1 1", "get 0 -1", "get 0 4294967296", "get 4294967296 0"),
    ],
)
def test_an_argument_that_is_not_understood(firmware, request_):
    assert firmware.ask(f"01 {request_}") == ["01 NK 3"]


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "a",
            "a=",
            "a=-x",
            "a=+1",
            "d=1",
            "k",
            "k=",
            "k=-1",
            "k=-",
            "k=0x1",
            "k=4294967296",
            "l=",
            "l=1",
            "l=-1",
        ),
        *(
            "a=,",
            ",",
            "k=1,",
            ",k=1",
            "k=1,,m=1",
            "k=1,k=1",
            "o=1,o=1",
            "o=1025",
            "o=4294967296",
            "o=-4294967296",
        ),
        *("a=-,a=-", "l=-,l=-", "A=1", "=1", "==", "p=1025", "k=1\x00", "k=1\xff"),
    ],
)
def test_an_argument_of_a_call_that_is_not_understood(firmware, arguments):
    firmware.ask("01 put a 0 t:AB")
    assert firmware.ask(f"02 run vsv {arguments}")[0] == "02 NK 3"
    assert firmware.calls() == []


def test_a_call_takes_no_more_than_its_slot_holds(firmware):
    firmware.ask("01 put a 0 t:ABC")
    assert firmware.ask("02 run dec a=4") == ["02 NK 4"]
    assert firmware.ask("03 run dec a=4294967295") == ["03 NK 4"]
    assert firmware.ask("04 run dec b=1") == ["04 NK 4"]
    assert firmware.calls() == []
    firmware.ask("05 run dec a=3")
    firmware.ask("06 run dec a=2")
    firmware.ask("07 run dec a=0")
    assert firmware.calls() == [
        f"id2_client_decrypt in={given} out=NULL/0" for given in ("414243/3", "4142/2", "/0")
    ]


def test_every_pointer_can_be_null(firmware):
    firmware.ask("01 put a 0 t:AB")
    for seq, arguments in enumerate(
        ["a=-", "a=-5", "a=-4294967295", "o=-", "o=-7", "o=0", "o=9", "l=-", "o=9,l=-"], 2
    ):
        assert firmware.ask(f"{seq:02X} run dec {arguments}")[0].endswith(" AK")
    assert [call.removeprefix("id2_client_decrypt ") for call in firmware.calls()] == [
        *("in=NULL/0 out=NULL/0", "in=NULL/5 out=NULL/0", "in=NULL/4294967295 out=NULL/0"),
        *("in=NULL/0 out=NULL/0", "in=NULL/0 out=NULL/7", "in=NULL/0 out=buffer/0", "in=NULL/0 out=buffer/9"),
        *("in=NULL/0 out=NULL/NULL", "in=NULL/0 out=buffer/NULL"),
    ]


def test_put_appends_repeats_and_refuses_gaps(firmware):
    assert firmware.ask("01 put b 1 t:A") == ["01 NK 4"]
    assert firmware.ask("02 put b 0 t:ABC")[0].startswith("02 OK 0 3 ")
    assert firmware.ask("03 put b 3 x:4445")[0].startswith("03 OK 0 5 ")
    assert firmware.ask("04 put b 3 x:4445")[0].startswith("04 OK 0 5 ")
    assert firmware.ask("05 put b 1 t:x")[0].startswith("05 OK 0 5 ")
    assert firmware.ask("06 put b 7 t:A") == ["06 NK 4"]
    firmware.ask("07 run cac b=5")
    assert "extra=4178434445/5" in firmware.calls()[0]
    assert firmware.ask("08 put b 0 t:Z")[0].startswith("08 OK 0 1 ")
    assert firmware.ask("09 put b 0 t:") == ["09 OK 0 0 FFFF"]
    assert firmware.ask("0A put d 0 t:Z") == ["0A NK 4"]
    assert firmware.ask("0B put ab 0 t:Z") == ["0B NK 4"]


def test_put_at_the_end_of_a_slot(firmware):
    for at in range(0, 128, 16):
        assert firmware.ask(f"{at + 1:02X} put c {at} t:{'0123456789ABCDEF'}")[0].startswith(
            f"{at + 1:02X} OK 0 {at + 16} "
        )
    assert firmware.ask("F0 put c 128 t:A") == ["F0 NK 4"]
    assert firmware.ask("F1 put c 127 t:AB") == ["F1 NK 4"]
    assert firmware.ask("F2 put c 128 t:")[0].startswith("F2 OK 0 128 ")
    assert firmware.ask("F3 put c 4294967295 t:AB") == ["F3 NK 4"]
    assert firmware.ask("F4 put c 4294967295 x:") == ["F4 NK 4"]


def test_a_text_that_fills_its_slot_ends_with_nul(firmware):
    for slot, size, call in (("c", 128, "sec c=128"), ("a", 1024, "prt a=1024")):
        for at in range(0, size, 32):
            firmware.ask(f"{1 + at // 32:02X} put {slot} {at} t:{'A' * 32}")
        printed = firmware.feed(with_crc(f"id2p FF run {call}") + "\n")
        assert " OK " in printed
    assert f"\r\n{'A' * 1024}\n\r\n" in printed
    assert firmware.calls()[0] == f"id2_client_get_secret seed={'41' * 128}/128 out=NULL/0"


def test_the_nul_of_a_text_is_taken_away_again(firmware):
    firmware.ask("01 put a 0 t:ABCDEF")
    firmware.ask("02 run cac a=3")
    firmware.ask("03 run cac a=0")
    firmware.ask("04 run cac a=6")
    assert [call.split()[1] for call in firmware.calls()] == [
        "challenge=414243/3",
        "challenge=/0",
        "challenge=414243444546/6",
    ]


def test_the_same_line_is_answered_and_not_run_again(firmware):
    firmware.set(rc=0, length=5, data=b"Hello")
    line = with_crc("id2p 07 run gid o=48") + "\n"
    first = firmware.feed(line)
    firmware.set(data=b"Other")
    assert firmware.feed(line) == first
    assert firmware.feed("\n" + line) == first
    assert len(firmware.calls()) == 1
    assert [reply.split()[1] for reply in replies(first)] == ["AK", "OK"]


def test_the_same_seq_with_another_line(firmware):
    firmware.ask("07 run ini")
    assert firmware.ask("07 run cln") == ["07 NK 7"]
    assert firmware.ask("07 clr") == ["07 NK 7"]
    assert firmware.ask("07 run ini") == ["07 AK", "07 OK 0 0 FFFF"]  # still the one that is remembered
    assert firmware.ask("07 rep") == ["07 OK 0 0 FFFF"]
    assert firmware.ask("07 hi") == [f"07 {HI}"]
    assert len(firmware.calls()) == 1
    assert firmware.ask("07 run ini") == ["07 NK 7"]  # a hello begins anew
    assert firmware.ask("08 run ini")[0] == "08 AK"
    assert firmware.ask("07 run ini")[0] == "07 AK"
    assert len(firmware.calls()) == 2


def test_a_call_that_was_refused_may_be_asked_for_again(firmware):
    line = with_crc("id2p 01 run dec a=2") + "\n"
    assert replies(firmware.feed(line)) == ["01 NK 4"]
    firmware.line("id2p 00 put a 0 t:AB")
    assert replies(firmware.feed(line))[0] == "01 AK"
    firmware.feed(line)
    assert len(firmware.calls()) == 1


def test_rep_gives_the_last_final_answer(firmware):
    assert firmware.ask("01 rep") == ["01 NK 8"]
    firmware.set(rc=-3, length=48)
    firmware.ask("02 run gid o=24")
    assert firmware.ask("03 rep") == ["02 ER -3 48 FFFF"]
    firmware.ask("04 put a 0 t:A")
    assert firmware.ask("05 rep") == ["02 ER -3 48 FFFF"]
    firmware.ask("06 run nop")
    assert firmware.ask("07 rep") == ["02 ER -3 48 FFFF"]
    firmware.ask("08 clr")
    assert firmware.ask("09 rep") == ["09 NK 8"]
    assert firmware.ask("02 run gid o=24")[0] == "02 AK"


def test_rep_does_not_take_the_place_of_the_call(firmware):
    firmware.ask("01 run ini")
    firmware.ask("02 rep")
    assert firmware.ask("01 run ini") == ["01 AK", "01 OK 0 0 FFFF"]
    assert len(firmware.calls()) == 1


def test_a_person_needs_no_check_sum_and_is_not_remembered(firmware):
    firmware.set(rc=0, length=3, data=b"one")
    firmware.ask("05 run gid o=48")
    firmware.set(data=b"two")
    assert replies(firmware.line("id2p 00 run gid o=48")) == ["00 AK", "00 OK 0 3 C4D3 t:two"]
    assert replies(firmware.line("id2p 00 run gid o=48")) == ["00 AK", "00 OK 0 3 C4D3 t:two"]
    assert replies(firmware.line(with_crc("id2p 00 run gid o=48"))) == ["00 AK", "00 OK 0 3 C4D3 t:two"]
    assert len(firmware.calls()) == 4
    assert firmware.ask("05 run gid o=48") == ["05 NK 8"]  # not run again, and its answer is gone
    assert firmware.calls() == []


def test_results_come_as_text_or_in_hexadecimal_and_in_pieces(firmware):
    data = bytes(range(256)) * 3
    firmware.set(rc=0, length=len(data), data=data)
    final = firmware.ask("01 run gid o=1024")[1]
    assert final.split()[1:4] == ["OK", "0", "768"]
    assert final.split()[5] == f"x:{data[:40].hex().upper()}"
    got = b""
    for seq, at in enumerate(range(0, 768, 100), 2):
        _, kind, offset, payload = firmware.ask(f"{seq:02X} get {at} 100")[0].split()
        assert (kind, offset) == ("D", str(at))
        got += bytes.fromhex(payload[2:])
    assert got == data
    assert firmware.ask("20 get 0 1024")[0] == f"20 D 0 x:{data[:128].hex().upper()}"
    assert firmware.ask("21 get 48 10") == ["21 D 48 t:0123456789"]
    assert firmware.ask("22 get 767 10") == ["22 D 767 x:FF"]
    assert firmware.ask("23 get 768 10") == ["23 D 768 t:"]
    assert firmware.ask("24 get 769 10") == ["24 NK 4"]
    assert firmware.ask("25 get 4294967295 4294967295") == ["25 NK 4"]
    assert firmware.ask("26 clr") == ["26 OK 0 0 FFFF"]
    assert firmware.ask("27 get 0 10") == ["27 D 0 t:"]


@pytest.mark.parametrize(
    ("offered", "length", "written", "answer"),
    [
        ("o=8", 5, b"ABCDE", "OK 0 5 {} t:ABCDE"),
        ("o=8", 8, b"ABCDEFGH", "OK 0 8 {} t:ABCDEFGH"),
        ("o=4", 8, b"ABCD", "OK 0 8 {} t:ABCD"),  # says more than it may
        ("o=4", 8, b"ABCDEFGH", "OK 0 8 {} t:ABCD w=4"),  # and writes it
        ("o=4", 4294967295, b"ABCD\xa5F", "OK 0 4294967295 {} t:ABCD w=1"),  # A5 is what was there before
        ("o=0", 3, b"", "OK 0 3 FFFF"),
        ("o=0", 3, b"ABC", "OK 0 3 FFFF w=3"),
        ("o=-", 3, b"ABC", "OK 0 3 FFFF"),
        ("o=1024", 1024, b"A" * 1024, f"OK 0 1024 {{}} t:{'A' * 40}"),
        ("o=1024", 1024, b"A" * 1040, f"OK 0 1024 {{}} t:{'A' * 40} w=16"),
        ("o=8", 0, b"ABC", "OK 0 0 FFFF"),
        ("o=8,l=-", 3, b"ABC", "OK 0 8 {} x:414243A5A5A5A5A5"),
    ],
)
def test_lengths_that_lie_and_bytes_behind_the_end(firmware, offered, length, written, answer):
    firmware.set(rc=0, length=length, data=written)
    said = firmware.ask(f"01 run gid {offered}")[1]
    assert said == "01 " + answer.format(said.split()[4])


def test_a_failed_call_has_no_result(firmware):
    firmware.set(rc=-2147483648, length=7, data=b"ABCDEFGHIJ")
    assert firmware.ask("01 run gid o=8") == ["01 AK", "01 ER -2147483648 7 FFFF w=2"]
    assert firmware.ask("02 get 0 10") == ["02 D 0 t:"]
    firmware.set(rc=2147483647, length=0)
    assert firmware.ask("03 run gid o=10")[1] == "03 OK 2147483647 0 FFFF"


def test_a_start_empties_all_and_has_another_boot_id(firmware):
    firmware.ask("01 put a 0 t:AB")
    firmware.ask("02 run ini")
    boots = {REPLY.search(firmware.restart(0))[3] for _ in range(200)}
    assert len(boots) == 200
    assert firmware.ask("02 rep") == ["02 NK 8"]
    assert firmware.ask("03 run dec a=1") == ["03 NK 4"]
    assert firmware.ask("02 run ini") == ["02 AK", "02 OK 0 0 FFFF"]


def test_the_seed_makes_another_boot_id(library, tmp_path):
    from tests.firmware.conftest import Firmware

    boots = {REPLY.search(Firmware(library, tmp_path / f"{seed}.so", seed).greeting)[3] for seed in range(20)}
    assert len(boots) == 20


def test_a_reply_is_one_write_and_is_locked(firmware):
    before = firmware.number("writes")
    firmware.ask("01 run ini")
    assert firmware.number("writes") == before + 2
    assert firmware.number("lock_depth_at_write") == 1
    assert firmware.number("locks") == 0


def test_text_that_a_call_prints_stands_between_the_replies(firmware):
    firmware.set(print_length=3)
    output = firmware.feed(with_crc("id2p 01 run ini") + "\n")
    assert [reply.split()[1] for reply in replies(output)] == ["AK", "OK"]
    assert output.count("<LS_LOG> ") == 3


def test_bytes_that_come_from_inside_a_call_are_dropped(firmware):
    firmware.set(feed_inside=110)
    assert firmware.ask("01 run ini") == ["01 AK", "01 OK 0 0 FFFF"]
    assert firmware.ask("02 hi") == [f"02 {HI}"]


def test_a_shell_hands_over_a_line_or_words(firmware):
    line = with_crc("id2p 01 run ini")
    assert replies(firmware.words(*line.split())) == ["01 AK", "01 OK 0 0 FFFF"]
    assert replies(firmware.words("id2p", "00", "hi")) == [f"00 {HI}"]
    assert replies(firmware.words("id2p")) == ["00 NK 1"]
    assert firmware.words() == ""
    assert firmware.words("help", "id2p") == ""
    assert replies(firmware.words("id2p", "02", "A" * 100)) == ["02 NK 6"]
    assert replies(firmware.line(with_crc("id2p 03 hi"))) == [f"03 {HI}"]
    assert replies(firmware.line(with_crc("id2p 03 hi") + "\n")) == ["03 NK 1"]  # without its end
    firmware.feed("id2p 04")  # a line from the shell does not go on with what was fed
    assert replies(firmware.line(with_crc("id2p 05 hi"))) == [f"05 {HI}"]


def test_blanks_between_words_do_not_matter_when_the_check_sum_counts_them(firmware):
    assert firmware.ask("01   run  ini ") == ["01 AK", "01 OK 0 0 FFFF"]
