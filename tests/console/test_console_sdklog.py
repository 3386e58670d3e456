from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.console import events as e
from harness.console.sdklog import parse_all, parse_line, plain, read_lines, says_something

SAMPLES = Path(__file__).parents[1] / "samples"
CODE = (
    "0~2~ABABABABABABABAB~55B83408399FA660F05C82E4F25333DC~4sx4q/vZtJeBciBhpfzBwLaw7kXg4s2mmZxSoehsKtyXnA1n"
)


def events_of(data):
    return [event for line in read_lines([data]) for event in parse_all(line.text)]


def sample(name):
    return (SAMPLES / f"{name}.log").read_bytes()


def only(kind, name):
    return [event for event in events_of(sample(name)) if isinstance(event, kind)]


def test_id2_app_with_the_demo_carrier():
    name = "id2_app-3.1.0-aes128"
    (version,) = only(e.ClientVersion, name)
    assert (version.version, version.dotted) == (0x00030100, "3.1.0")
    assert [(each.component, each.time) for each in only(e.BuildTime, name)] == [
        ("ID2 Client", "Nov 22 2026 18:00:18"),
        ("Demo KM", "Nov 22 2026 18:00:19"),
    ]
    assert [(each.name, each.value, each.on) for each in only(e.ConfigFlag, name)] == [
        ("CONFIG_ID2_DEBUG", "not defined", False),
        ("CONFIG_ID2_OTP", "defined", True),
        ("CONFIG_ID2_KEY_TYPE", "ID2_KEY_TYPE_AES", True),
    ]
    assert [each.key_type for each in only(e.KeyTypeSetting, name)] == ["AES"]
    assert [(each.number, each.carrier) for each in only(e.IrotType, name)] == [(5, "DEMO")]
    assert len(only(e.DemoCarrierWarning, name)) == 1
    assert [each.provisioned for each in only(e.ProvisioningState, name)] == [True]
    assert {each.id2 for each in only(e.DeviceId, name)} == {"2122232425262728292A2B2C"}
    assert [each.name for each in only(e.TestVerdict, name)] == [
        "Get ID",
        "Get Device Challenge",
        "Get Challenge Auth Code",
        "Get Timestamp Auth Code",
        "Get Secret",
        "Derive Key",
        "One-Time Password",
    ]
    assert {each.result for each in only(e.TestVerdict, name)} == {e.TestResult.PASS}
    challenges = only(e.DeviceChallenge, name)
    assert [each.length for each in challenges] == [16, 32, 48, 64, 80, 96, 112, 128]
    assert all(len(each.challenge) == each.length for each in challenges)
    assert [each.extra for each in only(e.AuthCodeHeading, name)] == [None, "abcd1234"] * 2
    codes = only(e.AuthCodeLine, name)
    assert [(each.length, each.form) for each in codes] == [(118, "payload")] * 2 + [(99, "payload")] * 2
    assert all(len(each.code) == each.length for each in codes)
    (secret,) = only(e.DeviceSecret, name)
    assert (secret.length, secret.secret[:8]) == (64, "35EA365A")
    assert b"".join(
        each.data for each in only(e.DerivedKeyRow, name)
    ).hex() == "73001bcf91d1658 7b795ea7ec65a89f3".replace(" ", "")
    assert [each.seed for each in only(e.Seed, name)][:2] == [
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "appKey",
    ]
    assert [each.digits for each in only(e.Totp, name)] == ["521622323414110"]
    assert [each.mark for each in only(e.ReportMark, name)] == ["start", "banner", "end"]
    errors = [event for event in events_of(sample(name)) if event.error]
    assert [(each.origin.function, each.text) for each in errors] == [
        ("id2_client_get_id", "short buffer, 0."),
        ("_id2_gen_auth_code", "auth code short buffer, 0 256."),
        ("_id2_gen_auth_code", "auth code short buffer, 0 256."),
        ("id2_client_get_secret", "short buffer, 0."),
    ]


def test_id2_app_on_a_secure_element():
    name = "id2_app-3.1.0-se-3des168"
    starts = only(e.DumpStart, name)
    assert [(each.direction, each.length) for each in starts[:4]] == [
        ("command", 0x13),
        ("response", 2),
        ("command", 5),
        ("response", 17),
    ]
    assert len(starts) == 26
    rows = only(e.DumpRow, name)
    assert sum(len(row.data) for row in rows) == sum(start.length for start in starts)
    assert b"".join(row.data for row in rows[:2]).hex() == "00a404000ea000000041" + "6c6959756e2e494432"
    calls = only(e.ChipCall, name)
    assert [(each.call, each.returned, each.result, each.response_length) for each in calls[:4]] == [
        ("open session", False, None, None),
        ("open session", True, 0, None),
        ("transmit", False, None, None),
        ("transmit", True, 0, 2),
    ]
    assert calls[-1].call == "close session"
    assert [(each.name, each.value) for each in only(e.ConfigFlag, name)][3:] == [
        ("CONFIG_CHIP_DEBUG", "defined"),
        ("CONFIG_CHIP_TYPE", "CHIP_TYPE_SE_STD_CMD"),
        ("CONFIG_CHIP_KEY_TYPE", "CHIP_KEY_TYPE_3DES"),
    ]
    assert [each.key_type for each in only(e.KeyTypeSetting, name)] == ["3DES", "3DES"]
    assert [each.carrier for each in only(e.IrotType, name)] == ["SE"]


def test_hal_app():
    name = "hal_app-3.1.0"
    verdicts = only(e.TestVerdict, name)
    assert [(each.suite, each.name) for each in verdicts] == [
        (e.TestSuite.HAL, test) for test in ("Hash", "Rand", "AES", "RSA", "SM2", "SST", "KM")
    ]
    steps = only(e.HalStep, name)
    assert {"SHA1", "AES_CTR_192", "RSA encrypt/decrypt", "kv del", "test_sec_sst_get[6]"} <= {
        each.name for each in steps
    }
    assert {each.result for each in [*verdicts, *steps]} == {e.TestResult.PASS}
    # A tag in the middle of a line starts an event of its own.
    assert Counter(event.text for event in events_of(sample(name)))["invalid input args"] == 7
    assert [event for event in events_of(sample(name)) if event.error] == []


def test_demo_of_1_0_0():
    name = "id2_demo-1.0.0-aes"
    assert [each.dotted for each in only(e.ClientVersion, name)] == ["0.1.0"]
    codes = only(e.AuthCodeLine, name)
    assert [(each.form, each.extra) for each in codes] == [
        ("labelled", None),
        ("piped", None),
        ("labelled", None),
        ("piped", "abcd1234"),
    ] * 2
    assert all(len(each.code) == each.length for each in codes)
    assert [each.message[:24] for each in only(e.SignedMessage, name)] == ["2122232425262728292A2B2C"] * 4
    starts = only(e.DumpStart, name)
    assert starts[0].name == "symmetric algorithm signature input data"
    assert {each.direction for each in starts} == {""}
    assert sum(len(row.data) for row in only(e.DumpRow, name)) == sum(start.length for start in starts)
    (failed,) = only(e.CallFailed, name)
    assert (failed.call, failed.code) == ("id2_client_decrypt", -2)
    (error,) = [event for event in events_of(sample(name)) if event.error]
    assert (error.origin.function, error.text) == (
        "sym_decrypt",
        "input data length must be a multiple of 16.",
    )


SAMPLE_NAMES = sorted(path.stem for path in SAMPLES.glob("*.log"))


def essence(events):
    return [
        (
            type(event),
            {name: getattr(event, name) for name in event.__dataclass_fields__ if name != "origin"},
            event.error,
        )
        for event in events
        if says_something(event)
    ]


def every_line(change):
    def disturb(data):
        return b"".join(change(line) for line in data.splitlines(keepends=True))

    return disturb


DISTURBANCES = {
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "cr": lambda data: data.replace(b"\n", b"\r"),
    "double-cr": lambda data: data.replace(b"\n", b"\r\r\n"),
    "bracket-time": every_line(lambda line: b"[12:00:01.123] " + line),
    "kernel-time": every_line(lambda line: b"[   12.345678] " + line),
    "arrow-time": every_line(lambda line: b"18:00:01 -> " + line),
    "arrow-ms": every_line(lambda line: b"18:00:01.123 -> " + line),
    "iso": every_line(lambda line: b"2026-11-22T18:00:01.123Z " + line),
    "date": every_line(lambda line: b"[2026-11-22 18:00:01,123] " + line),
    "bar": every_line(lambda line: b"12:00:01 | " + line),
    "level": every_line(lambda line: b"[12:00:01.123][INFO] " + line),
    "colour": every_line(lambda line: b"\x1b[32m" + line.rstrip(b"\n") + b"\x1b[0m\n"),
    "title": every_line(lambda line: b"\x1b]0;minicom\x07" + line),
    "prompt": every_line(lambda line: b"# " + line),
    "root-prompt": every_line(
        lambda line: b"root@board:/# " + line if line.startswith(b"<LS_LOG>") else line
    ),
    "prompt-after-tag": lambda data: data.replace(b"<LS_LOG> ", b"<LS_LOG> # "),
    "nul": every_line(lambda line: b"\x00\x00" + line),
    "no-tag": lambda data: data.replace(b"<LS_LOG> ", b""),
    "quoted": every_line(lambda line: b"> " + line),
    "bell": every_line(lambda line: b"\x07" + line),
}


@pytest.mark.parametrize("name", SAMPLE_NAMES)
@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_disturbed_consoles_say_the_same(name, disturbance):
    data = sample(name)
    expected = essence(events_of(data))
    assert len(expected) > 40
    assert essence(events_of(DISTURBANCES[disturbance](data))) == expected


def test_a_lost_line_end_loses_no_event():
    events = parse_all(
        f" [118] {CODE}<LS_LOG> unit_test 1: =====>ID2 Client Test Get ID Pass.<LS_LOG> f 2: ID2: AB"
    )
    assert [type(event) for event in events] == [e.AuthCodeLine, e.TestVerdict, e.DeviceId]
    assert events[0].code == CODE


def test_an_unfinished_line_of_another_thread_is_a_prefix():
    (event,) = parse_all("case 3: <LS_LOG> INF hal_sst_test_set 83: test_sec_sst_store[3] success")
    assert isinstance(event, e.HalStep)
    assert event.origin.prefix == "case 3: "
    assert event.origin.tagged
    assert parse_line("x<LS_LOG> a 1: b<LS_LOG> c 2: d").text == "d"


@pytest.mark.parametrize(
    "line",
    [
        f" [118] {CODE[:30]}# {CODE[30:]}",
        f"# [118] {CODE}",
        f"<LS_LOG> # auth_code: [118] {CODE}",
    ],
)
def test_a_prompt_inside_a_code_is_taken_out_and_told(line):
    (event,) = parse_all(line)
    assert isinstance(event, e.AuthCodeLine)
    assert event.code.replace("# ", "") == CODE


def test_a_prompt_inside_a_verdict():
    (event,) = parse_all("<LS_LOG> id2_client_unit_test 318: =======>ID2 Client Test Ge# t ID Pass.")
    assert isinstance(event, e.TestVerdict)
    assert event.name in ("Get ID", "Ge# t ID")
    (event,) = parse_all("<LS_LOG> id2_client_init 928: id2 irot # type, 5")
    assert isinstance(event, e.IrotType)
    assert event.origin.repaired


@pytest.mark.parametrize("cut", range(1, len("<LS_LOG> ")))
def test_a_cut_beginning(cut):
    event = parse_line("<LS_LOG> id2_client_init 928: id2 irot type, 5"[cut:])
    assert isinstance(event, e.IrotType)


@pytest.mark.parametrize(
    "line", ["<LS_LOG> f 1: ID2: AB", "<LS_LOG> f 99999: ID2: AB", "<LS_LOG> f:7: ID2: AB"]
)
def test_line_numbers_do_not_matter(line):
    event = parse_line(line)
    assert isinstance(event, e.DeviceId)
    assert event.origin.function == "f"


@pytest.mark.parametrize(
    ("line", "kind", "values"),
    [
        (
            "device random: [16] 2110A9D40CEBAAF8",
            e.DeviceChallenge,
            {"challenge": "2110A9D40CEBAAF8", "length": 16},
        ),
        (
            "====> ID2 Client Test Get Device Challenege End.",
            e.TestMark,
            {"name": "Get Device Challenege", "started": False},
        ),
        (
            "====>ID2 Client Test Derive Key Not Support.",
            e.TestVerdict,
            {"result": e.TestResult.NOT_SUPPORTED},
        ),
        (
            "====>ID2 Client Test Decrypt Fail.",
            e.TestVerdict,
            {"name": "Decrypt", "result": e.TestResult.FAIL},
        ),
        (
            "================= ID2 Client KPM Test Success!",
            e.TestVerdict,
            {"name": "KPM", "result": e.TestResult.PASS},
        ),
        (
            "================= ID2 Client KPM Test Failed!",
            e.TestVerdict,
            {"name": "KPM", "result": e.TestResult.FAIL},
        ),
        ("================= ID2 Client KPM Test Start!", e.TestMark, {"name": "KPM", "started": True}),
        ("=====>ID2 Client Generate AuthCode Fail.", e.ReportMark, {"mark": "fail"}),
        (
            "========> HAL Hash Test Fail.",
            e.TestVerdict,
            {"suite": e.TestSuite.HAL, "result": e.TestResult.FAIL},
        ),
        ("SHA1 test fail!", e.HalStep, {"name": "SHA1", "result": e.TestResult.FAIL}),
        (
            "[WARN] sha1 not support, continue..",
            e.HalStep,
            {"name": "sha1", "result": e.TestResult.NOT_SUPPORTED},
        ),
        ("no id2 has been provisioned", e.ProvisioningState, {"provisioned": False}),
        ("id2 has been provisioned.", e.ProvisioningState, {"provisioned": True}),
        ("id2 prov state: false", e.ProvisioningState, {"provisioned": False}),
        ("no id2 in device, need to prov first!!", e.ProvisioningState, {"provisioned": False}),
        ("get client id2 fail, -11", e.CallFailed, {"call": "get client id2", "code": -11}),
        ("id2_client_init error return -1 error!", e.CallFailed, {"call": "id2_client_init", "code": -1}),
        ("final fail(ffff0003)", e.CallFailed, {"call": "final", "code": 0xFFFF0003}),
        (
            "ID2_OTP_SUPPORTED          : 0",
            e.ConfigFlag,
            {"name": "ID2_OTP_SUPPORTED", "value": "0", "on": False},
        ),
        ("CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_SM4", e.KeyTypeSetting, {"key_type": "SM4"}),
        ("id2 irot type, 9", e.IrotType, {"carrier": "9"}),
        ("AUTHCODE:|118|a|b|0~2~X", e.AuthCodeLine, {"extra": "a|b", "code": "0~2~X"}),
        (
            f"authcode[no extra]: [118] {CODE}",
            e.AuthCodeLine,
            {"form": "headed", "extra": None, "code": CODE},
        ),
        ("authcode[extra = a]b]:", e.AuthCodeHeading, {"extra": "a]b"}),
        ("ID2=> Command APDU: [length = 0x0007]", e.DumpStart, {"direction": "command", "length": 7}),
        ("ID2=> Response APDU: [length = 19]", e.DumpStart, {"direction": "response", "length": 19}),
        ("ID2=> 9000", e.ChipMessage, {"chip_text": "9000"}),
        ("ID2=> 90 00", e.DumpRow, {"data": b"\x90\x00"}),
        ("ID2=> 90", e.DumpRow, {"data": b"\x90"}),
        ("7f 0A", e.DumpRow, {"data": b"\x7f\x0a"}),
        ("ID2=> <= SE transmit, (ret = -7, rsp_len = 0).", e.ChipCall, {"result": -7, "response_length": 0}),
        ("key: 0x73", e.DerivedKeyRow, {"data": b"\x73"}),
    ],
)
@pytest.mark.parametrize("head", ["", "<LS_LOG> ", "<LS_LOG> some_function 12: "])
def test_wordings(line, kind, values, head):
    (event,) = parse_all(head + line)
    assert type(event) is kind
    assert {name: getattr(event, name) for name in values} == values


@pytest.mark.parametrize(
    ("line", "function"),
    [
        ("<LS_LOG> f 1: ERROR: bad", "f"),
        ("<LS_LOG> ERR f 1: bad", "f"),
        ("<LS_LOG> E f 1: bad", "f"),
        ("<LS_LOG> ERROR: bad", ""),
        ("ERROR: [f] bad", "f"),
        ("<LS_LOG> ERROR: ID2=> bad", ""),
    ],
)
def test_error_lines(line, function):
    (event,) = parse_all(line)
    assert event.error
    assert event.origin.function == function
    assert event.text.endswith("bad")


@pytest.mark.parametrize(
    "line",
    [
        '    "result": "0~2~AB"',
        "[118]",
        "[12] short text",
        "[12:00:01.123]",
        "90 0",
        "90 00 xx",
        "ID: 5",
        "ID2 Client Test Get ID Pas.",
        "=====>ID2 Client Test Get ID Pass. and more",
        "CONFIG_X",
        "hello world",
        "Pass.",
    ],
)
def test_what_says_nothing(line):
    (event,) = parse_all(line)
    assert not says_something(event)


def test_blank_lines():
    assert isinstance(parse_line(""), e.Blank)
    assert isinstance(parse_line(" \t "), e.Blank)
    assert isinstance(parse_line("<LS_LOG> "), e.Blank)
    assert isinstance(parse_line("<LS_LOG> f 3: "), e.Message)


def test_plain_takes_out_what_a_terminal_would_act_on():
    assert plain("\x1b[1;31mred\x1b[0m\x1b]0;t\x07\x1b(B\x00\x07\tx\x7f\x9b") == "red(B\tx"


pieces = st.sampled_from(
    [
        "<LS_LOG> ",
        "# ",
        "\x1b[31m",
        "[12:00:01] ",
        "ID2=> ",
        "f 1: ",
        "ERROR: ",
        "ID2: ",
        "authcode[extra = ",
        "]:",
        " [118] ",
        "~",
        "AUTHCODE:|",
        "|",
        "HAL ",
        " Test ",
        "Pass.",
        "=====> ",
        "ID2 Client ",
        "90 00 ",
        "0x73 ",
        "key: ",
        "[length = 0x",
        "\x00",
        "\u2028",
        "ff",
        "9" * 30,
        " fail, ",
        "-",
        " return ",
    ]
)


@given(
    st.one_of(
        st.text(max_size=200), st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=12).map("".join)
    )
)
@settings(max_examples=400)
def test_no_text_raises(text):
    events = parse_all(text)
    assert events
    assert events[-1] == parse_line(text)
    for event in events:
        assert "\x1b" not in event.text or not event.text
        assert "\x00" not in event.text
        assert event.origin.source_line is None or event.origin.source_line >= 0


@given(st.binary(max_size=400))
def test_no_bytes_raise(data):
    for event in events_of(data):
        assert isinstance(event, e.Event)


@pytest.mark.parametrize(
    "line",
    [
        "=" * 200_000,
        "[1] " * 50_000,
        "# " * 100_000,
        "0x00 " * 40_000,
        "90 " * 60_000,
        "HAL " + "a " * 90_000,
        "<LS_LOG>" * 20_000,
        "[" * 200_000,
        "\x1b[" * 100_000,
        "x fail" * 30_000,
        "ID2 Client Test " + "Pass " * 40_000,
        "[12:00:01] " * 20_000,
        " " * 200_000,
    ],
)
def test_hostile_lines_take_no_time_to_speak_of(line):
    # Not timed: a pattern that explodes would not come back within the life of this test run.
    assert parse_all(line)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_cut_of_a_sample_is_survived(name):
    data = sample(name)
    for start in range(0, len(data), 997):
        assert events_of(data[start:])
        assert events_of(data[: start + 1])
