"""The lines of a probe on a console: what shows that there is one, and what is not the program's."""

import re

import pytest

from harness.console.probe_signs import START, is_own_line, sign_among, sign_in
from tests.pages import ROOT

WORKED = re.findall(r"^[<>] (.+)$", (ROOT / "docs" / "probe-protocol.md").read_text(), re.MULTILINE)
REPLIES = [line for line in WORKED if line.startswith("+ID2P")]
REQUESTS = [line for line in WORKED if line.startswith("id2p")]
HELLO = "+ID2P 00 3F1C HI p=1 l=79 in=1024,512,128 o=1024 g=00000001 n=- %E3D8"


def test_the_page_has_lines_to_try():
    assert len(REPLIES) > 10
    assert len(REQUESTS) > 5
    assert START in (ROOT / "docs" / "probe-protocol.md").read_text()


@pytest.mark.parametrize("line", REPLIES)
def test_each_worked_reply_shows_a_probe(line):
    assert sign_in(f"ash> {line}") == line
    assert is_own_line(line)


@pytest.mark.parametrize("line", REQUESTS)
def test_an_echoed_request_is_no_sign_and_nobody_elses_line(line):
    assert sign_in(line) == ""
    assert is_own_line(f"(ash)# {line}")


@pytest.mark.parametrize(
    "line",
    [
        HELLO.replace("3F1C", "3F1D"),
        HELLO[:-1],
        HELLO.replace("+ID2P", "+id2p"),
        "id2p 00 hi",
        "command 'id2p' not found",
        "id2 probe: something else",
        "AT+ID2P",
        "",
    ],
)
def test_what_looks_alike_is_no_sign(line):
    assert sign_in(line) == ""
    assert not is_own_line(line)


def test_a_broken_result_is_nobody_elses_line():
    assert is_own_line("+ID2P 04 3F1C OK 0 118 892C t:0~2~ABAB?BAB~55B8 %C95F")
    assert not is_own_line("+ID2P 04 3F1C OK 0 <LS_LOG> id2_client_init 5: text")


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_signs_are_found_however_the_bytes_fall(size):
    data = b"noise \xff\xfe\r\n" * 90 + b"printed before\r\n" + HELLO.encode() + b"\r\n" + b"after\r\n" * 90
    assert sign_among(data[at : at + size] for at in range(0, len(data), size)) == HELLO
    assert sign_among([data.replace(b"E3D8", b"E3D9")]) == ""
