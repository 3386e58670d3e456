"""Whatever stands in a log: judging it never raises, and never depends on how it was cut into chunks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.id2.keys import Key, KeyType
from harness.logcheck import KeyRing, LogReport, judge
from harness.logcheck.render import to_document, verdict_line
from harness.run.verdict import Verdict
from tests.logcheck.conftest import SAMPLES
from tests.logcheck.log_samples import SE_KEY

pytestmark = pytest.mark.slow

CONSOLES = [path.read_bytes() for path in sorted(SAMPLES.glob("*.log"))]
KEYS = KeyRing.debug() + KeyRing.of(Key.parse(KeyType.DES3_168, SE_KEY)) + KeyRing.parse("00" * 16)
EVENTS = st.sampled_from(sorted({row for data in CONSOLES for row in data.split(b"\n")}))
ODD = st.sampled_from(
    [
        b"ID2: \xff\xfe\xed",
        b"<LS_LOG> id2_client_get_id 1: ID2: 05000000010000XX",
        b"<LS_LOG> ID2=> Command APDU: [length = 0xffffffff]",
        b"<LS_LOG> ID2=> Command APDU: [length = 0x0000]",
        b"<LS_LOG> ID2=> Response APDU: [length = 0x0001]",
        b"<LS_LOG> ID2=> 80 F6 00 01 ",
        b"<LS_LOG> ID2=> 80 ",
        b"<LS_LOG> ID2=> 80 F6 01 01 ",
        b"<LS_LOG> ID2=> Command APDU: [length = 0x0004]",
        b"<LS_LOG> ID2=> 00 DC FF FF 32 51 00 01   51 ",
        b"<LS_LOG> ID2=> 61 00 ",
        b"<LS_LOG> ID2=> 9F 00 ",
        b"<LS_LOG> id2_client_init 1: id2 irot type, 999999999",
        b"<LS_LOG> ID2 Client Version: 0xffffffff",
        b"<LS_LOG> x 1: Device Challenge: \xc3\xa9 0",
        b"<LS_LOG> x 1: device secret: [0] ",
        b"<LS_LOG> x 1: Generated TOTP: \xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7",
        b"<LS_LOG> x 1: seed: \xed\xa0\x80",
        b"<LS_LOG> x 1: key: 0x00",
        b" [5] 10~2~x~y",
        b" [5] 99~AAAA",
        b" [118] 0~1~AAAAAAAAAAAAAAAA~\xc3\xa9~AAAA",
        b"auth_code: [] ",
        b"AUTHCODE:|1||",
        b"authcode[extra = \xf0\x9f\x98\x80]:",
        b"test: id2_client_decrypt",
        b"crypto input data: [length = 0x0000]",
        b"============ ID2 Validation Json Message ============:{",
        b'{"reportVersion": "\\ud800", "testContent": [{}]}',
        b'"result": "\\ud800~"',
        b"}",
        b"[" * 2000,
    ]
)


def _judged(data: bytes) -> LogReport:
    report = judge([data], keys=KEYS, id2="2122232425262728292A2B2C")
    assert report.size == len(data)
    assert report.verdict in {Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED, Verdict.NOT_RUN}
    assert to_document(report, "x", 0)["bytes"] == len(data)
    assert verdict_line(report)
    assert all(item.detail.isprintable() and item.name.isprintable() for item in report.items)
    return report


@given(st.binary(max_size=4000))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes(data):
    _judged(data)


@given(st.lists(EVENTS | ODD | st.binary(max_size=60), max_size=80))
@settings(max_examples=120, deadline=None)
def test_shuffled_lines_of_captures_and_odd_lines(rows):
    _judged(b"\n".join(rows))


@given(
    st.sampled_from(CONSOLES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=40), st.integers(0, 60)), max_size=6),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_spliced_captures(data, edits):
    for where, new, removed in edits:
        at = int(where * len(data))
        data = data[:at] + new + data[at + removed :]
    _judged(data)


@given(
    st.sampled_from(CONSOLES),
    st.sampled_from(CONSOLES),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 3000),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_joined_pieces_in_any_chunks(first, second, start, end, size):
    data = first[: int(start * len(first))] + second[int(end * len(second)) :]
    parts = judge(
        (data[at : at + size] for at in range(0, len(data), size)), keys=KEYS, id2="2122232425262728292A2B2C"
    )
    assert parts == _judged(data)
