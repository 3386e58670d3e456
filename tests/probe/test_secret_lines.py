"""What the link SDKs print of user, password and PSK stands in no recording and in no error."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.console.reader import Console
from harness.errors import DeviceError
from harness.transport import secret_lines
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from harness.transport.secret_lines import SecretLines
from tests.probe.fake_probe import FakeProbe, ProbeLine

OUTPUT = (
    b"[12.001][LK-0313] MQTT user calls aiot_mqtt_connect api, connect\r\n"
    b"[12.002][LK-0317] a1B2c3&device-7\r\n"
    b"[12.003][LK-0318] 8F1E22AB90CD\r\n"
    b"[12.004][LK-031A] psk 00112233445566778899AABB\r\n"
    b"[LK-030A] > 10 2B 00 04 4D 51 54 54 64 65 76 69 63 65 2D 37\r\n"
    b"[12.005][LK-0313] MQTT connect success in 10 ms\r\n"
)
SECRETS = (b"a1B2c3", b"device-7", b"8F1E22AB90CD", b"00112233445566778899AABB", b"64 65 76 69 63 65 2D 37")


@given(st.lists(st.integers(1, 40), max_size=30))
def test_however_the_lines_come_in_pieces_nothing_of_them_is_shown(sizes):
    lines, hidden, rest = SecretLines(), b"", OUTPUT
    for size in [*sizes, len(OUTPUT)]:
        hidden += lines.hide(rest[:size])
        rest = rest[size:]
    assert len(hidden) == len(OUTPUT)
    assert not [secret for secret in SECRETS if secret in hidden]
    assert b"[LK-0317] *" in hidden
    assert hidden.startswith(b"[12.001][LK-0313] MQTT user")
    assert hidden.endswith(b"[12.005][LK-0313] MQTT connect success in 10 ms\r\n")


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_other_output_stays_as_it_is(chunks):
    lines = SecretLines()
    assert [lines.hide(chunk) for chunk in chunks] == chunks


def test_neither_recording_nor_error_shows_them(tmp_path):
    line = ProbeLine(FakeProbe())
    recording = Recording(tmp_path / "console.jsonl", line)
    with Console(Recorded(line, recording)) as console:
        line.print(OUTPUT)
        console.expect(b"connect success")
        line.print(OUTPUT)
        with pytest.raises(DeviceError) as failed:
            console.expect(b"never", failure=b"connect success", timeout=2)
        with pytest.raises(DeviceError) as late:
            console.expect(b"never", timeout=0.05)
    recording.close()
    with read(tmp_path / "console.jsonl") as records:
        recorded = b"".join(record.data for record in records)
    shown = recorded + "".join((*failed.value.traffic, *late.value.traffic)).encode()
    assert b"[LK-0318] *" in recorded
    assert not [secret for secret in SECRETS if secret in shown]


TORN = (
    b"[12.002][LK-0318] 8F1E22AB[   1.234]<I>APP main.c[12]: tick\r\n90CDEF0123\r\n[12.005][LK-0313] connect\r\n"
    b"\r\ndevice secret: 0f48121e8cb55c65efba7e03f7\r\n[12.006][LK-1000] adapter_network_deinit\r\n"
)
VENDOR = (
    b"<LS_LOG> id2_client_test_get_secret 209: device secret: [64] 35EA365AAF3ADCE65C69E88F\r\nnext line\r\n"
)


@given(st.lists(st.integers(1, 40), max_size=30))
def test_a_secret_that_the_log_of_others_tears_over_two_lines_is_hidden_whole(sizes):
    lines, hidden, rest = SecretLines(), b"", TORN
    for size in [*sizes, len(TORN)]:
        hidden += lines.hide(rest[:size])
        rest = rest[size:]
    assert len(hidden) == len(TORN)
    assert not [part for part in (b"8F1E22AB", b"90CDEF0123", b"0f48121e", b"65efba7e03f7") if part in hidden]
    assert b"[12.005][LK-0313] connect" in hidden
    assert hidden.endswith(b"[12.006][LK-1000] adapter_network_deinit\r\n")


@given(st.integers(1, 60))
def test_what_is_judged_of_the_vendors_program_stays(size):
    lines = SecretLines()
    assert lines.hide(VENDOR[:size]) + lines.hide(VENDOR[size:]) == VENDOR


def test_an_error_whose_lines_begin_in_the_middle_of_a_secret_shows_none_of_it():
    line = ProbeLine(FakeProbe())
    with Console(line) as console:
        line.print(b"[LK-0318] " + b"5EC2E7" * 3000 + b"\r\nnext\r\n")
        with pytest.raises(DeviceError) as late:
            console.expect(b"never", timeout=0.05)
        assert b"5EC2E7" not in console.since(0)[0]
    assert "5EC2E7" not in "".join(late.value.traffic)


@pytest.mark.parametrize(
    "tag", [b"[LK-0317]", b"device secret:", b"DeviceSecret :", b"DEVICE SECRET: ", b"deviceSECRET:"]
)
@pytest.mark.parametrize("around", [b"", b"x" * 300, b"x" * 5000, b"\0\xff" * 5000])
def test_a_tag_is_found_in_short_and_in_long_pieces(tag, around):
    hidden = SecretLines().hide(around + b"\n" + tag + b"hush\r\n" + around)
    assert b"hush" not in hidden
    assert hidden == around + b"\n" + tag + b"****\r\n" + around


@pytest.mark.parametrize("tag", [b"[LK-0318]", b"device secret : ", b"DEVICESECRET:"])
@pytest.mark.parametrize("around", [b"", b"x" * 3, b"x" * 5000, b"[v:KC" * 1000])
@pytest.mark.parametrize("step", [1, 1023, 1024])
def test_a_tag_is_found_that_two_pieces_share(tag, around, step):
    said = around + b"\n" + tag + b"hush\r\n" + around
    for cut in range(len(around), len(around) + len(tag) + 2):
        lines, hidden = SecretLines(), b""
        pieces = [said[:cut], said[cut : cut + step], said[cut + step :]]
        for piece in pieces:
            hidden += lines.hide(piece)
        assert hidden == around + b"\n" + tag + b"****\r\n" + around, cut


def test_what_is_no_tag_goes_on_as_it_is():
    for piece in (b"[LK-04] very secretive", b"a vile [LK-3] SECRE" * 500, bytes(range(256)) * 40):
        assert SecretLines().hide(piece) == piece


@pytest.mark.parametrize("text", [True, False])
def test_where_the_library_has_no_search_python_s_own_is_taken(monkeypatch, text):
    monkeypatch.setattr(secret_lines, "import_module", lambda _: SimpleNamespace(PyDLL=lambda _: object()))
    search = secret_lines.searching.__wrapped__(text=text)
    assert search(b"\0abc", b"bc")
    assert not search(b"abc", b"x")
