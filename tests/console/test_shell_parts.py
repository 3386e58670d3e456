"""The parts of the shell: the guard, the screen, answers between log lines; torn and noisy streams."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.console.answers import AnswerReader
from harness.console.dialect import DIALECTS
from harness.console.guard import Guard
from harness.console.screen import last_line, lines_of, shows_typed, without_escapes
from harness.errors import UsageError

ALIOS = DIALECTS.get("alios-3")
LOGS = {
    "alios-1": "[001234]<I> tick # 1",
    "alios-3": "[   1.234]<I>APP main.c[12]: tick",
    "rt-thread": "[I/app] value > 3",
    "zephyr": "[00:00:01.234,567] <inf> app: 3$ ",
    "esp-idf": "I (123) app: esp32> ",
    "linux": "[    1.234567] usb 1-1: new # of them",
}
PROMPTS = {
    "alios-1": "# ",
    "alios-3": "(ash)# ",
    "rt-thread": "msh />",
    "zephyr": "uart:~$ ",
    "esp-idf": "esp32> ",
    "linux": "root@b:~# ",
}
WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789 =:./", min_size=1, max_size=40).map(str.strip)
ANSWERS = st.lists(WORDS.filter(bool), max_size=6)


def reader(name):
    return AnswerReader(DIALECTS.get(name), DIALECTS.get(name).shell())


def pieces(data, cuts):
    at = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]


# ---- the guard
@given(st.binary(max_size=20), st.binary(max_size=20), st.lists(st.integers(0, 100), max_size=5))
def test_the_text_is_refused_however_it_is_cut(before, after, cuts):
    guard = Guard(ALIOS)

    def send():
        for piece in pieces(before + b"$#@!" + after, cuts):
            guard.check(piece)

    with pytest.raises(UsageError, match="never sent"):
        send()


@given(st.text(alphabet="mfx $#@\b\x15;\\\r\n", max_size=40), st.lists(st.integers(0, 100), max_size=5))
def test_no_command_m_or_f_reaches_the_board(text, cuts):
    """What is let through never has the board carry out `m` or `f`, nor see the text that stops it."""
    guard, sent = Guard(ALIOS), b""
    for piece in pieces(text.encode(), cuts):
        try:
            guard.check(piece)
        except UsageError:
            continue
        sent += piece
    assert b"$#@!" not in sent
    line, carried_out = b"", []
    for byte in sent:
        if byte in b"\r\n":
            carried_out += re.split(rb"(?<!\\);", line)
            line = b""
        elif byte == 8:
            line = line[:-1]
        elif byte == 0x15:
            line = b""
        else:
            line += bytes((byte,))
    assert not [part for part in carried_out if part.split(None, 1)[:1] in ([b"m"], [b"f"])]


@pytest.mark.parametrize(
    "data", [b"id2p 01 run cac %0E17\r", b"help\r", b"mem\r", b"free; time\r", b"$#@ !\r"]
)
def test_everything_else_goes_through(data):
    Guard(ALIOS).check(data)


@pytest.mark.parametrize("name", ["bare", "alios-1", "link-sdk-2", "link-sdk-4", "freertos"])
def test_the_text_that_stops_alios_is_refused_where_alios_may_be(name):
    with pytest.raises(UsageError, match="stops a system"):
        Guard(DIALECTS.get(name)).check(b"x$#@!")


def test_a_refused_end_leaves_the_line_as_the_board_has_it():
    guard = Guard(ALIOS)
    guard.check(b"m")
    for _ in range(2):
        with pytest.raises(UsageError):
            guard.check(b"\r")
    guard.check(b"\x15help\r")


# ---- the screen
@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"x\r\r\n(ash)# ", b"(ash)# "),
        (b"\x1b[1;32muart:~$ \x1b[m", b"uart:~$ "),
        (b"esp32> h\resp32> he\resp32> hel", b"esp32> hel"),
        (b"# abc\b \b\b \b", b"# a"),
        (b"\x1f# ", b"# "),
        (b"a\n# \x1b[", b"# "),
        (b"", b""),
    ],
)
def test_the_line_of_the_cursor(data, line):
    assert last_line(data) == line


def test_lines_with_all_line_ends():
    assert lines_of(b"a\r\nb\r\r\nc\nd") == [b"a", b"b", b"c", b"d"]


@given(WORDS.filter(bool), st.integers(0, 40), st.lists(st.sampled_from(list(LOGS.values())), max_size=3))
def test_an_echo_with_log_lines_in_it_is_right(text, at, logs):
    typed = text.encode()
    at %= len(typed) + 1
    noise = "".join(log + "\r\n" for log in logs).encode()
    assert shows_typed(typed[:at] + noise + typed[at:], typed)


@given(WORDS.filter(lambda text: len(text) > 3), st.integers(0, 40))
def test_an_echo_that_lacks_a_character_is_wrong(text, at):
    typed = text.encode()
    at %= len(typed)
    assert not shows_typed(typed[:at] + typed[at + 1 :], typed)


# ---- answers
@given(st.sampled_from(sorted(LOGS)), ANSWERS, st.lists(st.integers(0, 6), max_size=5))
def test_an_answer_between_log_lines(name, answer, places):
    lines = [(text, False) for text in answer]
    for place in places:
        lines.insert(place % (len(lines) + 1), (LOGS[name], True))
    output = "\r\n" + "".join(text + "\r\n" for text, _ in lines) + PROMPTS[name]
    read = reader(name).read(output.encode(), b"say it")
    assert list(read.lines) == answer
    assert list(read.log) == [text for text, is_log in lines if is_log]
    assert reader(name).at_prompt(output.encode())


@given(st.sampled_from(sorted(LOGS)), st.integers(0, 3))
def test_log_lines_behind_the_prompt_do_not_hide_it(name, count):
    behind = (LOGS[name] + "\r\n") * count
    output = f"\r\nanswer\r\n{PROMPTS[name]}{behind}".encode()
    assert reader(name).at_prompt(output)
    assert reader(name).read(output, b"x").lines == ("answer",)


@pytest.mark.parametrize("name", sorted(set(LOGS) - {"rt-thread"}))
@given(answer=st.text(alphabet="abcdef ", min_size=2, max_size=20), at=st.integers(1, 19))
def test_a_log_line_inside_an_answer_line_is_taken_out(name, answer, at):
    answer = "x" + answer.strip() + "y"
    at = 1 + at % (len(answer) - 1)
    output = f"\r\n{answer[:at]}{LOGS[name]}\r\n{answer[at:]}\r\n{PROMPTS[name]}".encode()
    assert reader(name).read(output, b"say").lines == (answer,)


@given(st.binary(max_size=300), st.sampled_from(sorted(LOGS)))
def test_no_output_breaks_the_reader(data, name):
    answer = reader(name).read(data, b"x")
    reader(name).at_prompt(data)
    assert sum(map(len, answer.lines)) <= 4 * len(data)
    assert len(without_escapes(data)) <= len(data)


@pytest.mark.parametrize("text", ["an answer", "(ash)#", "(ash)# x", "[   1.234]<I>APP main.c[12]: (ash)# "])
def test_what_is_no_prompt(text):
    assert not reader("alios-3").at_prompt(f"\r\n{text}".encode())
