"""`itls_app` of SDK 2.0.0 to 3.1.0, over iTLS and over iDTLS, with each carrier: sound, and with one thing wrong."""

import pytest

from harness.logcheck import Program
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.itls_console import ID, ItlsConsole
from tests.logcheck.log_samples import assert_passed, check, failures, item

VERSIONS = ["2.0.0", "3.0.0", "3.1.0"]
DEVICES = [("2.0.0", 2), ("2.0.0", 5), ("3.0.0", 3), ("3.1.0", 2), ("3.1.0", 4)]
VERIFIED = b"Verify iTLS Server authCode OK!"


@pytest.mark.parametrize(("version", "carrier"), DEVICES)
def test_sound_samples_of_each_carrier(version, carrier):
    report = check(ItlsConsole(version, carrier).itls(loops=1 if version == "2.0.0" else 3).idtls(12).text())
    assert_passed(report)
    (boot,) = report.boots
    assert (boot.program, boot.id2, boot.sdk_version) == (Program.ITLS_APP, ID, version)
    assert item(report, "iTLS sample").verdict is Verdict.PASSED


def test_the_sample_of_2_0_that_calls_mbed_tls_itself():
    """On other systems than Linux, release 2.0.0 does not go through `hal_itls`; it reads until the server leaves."""
    sound = ItlsConsole("2.0.0", linux=False).itls().text()
    assert_passed(check(sound))
    read = b" 4 bytes read\n"
    left = b" 4 bytes read\n\n<LS_LOG> itls_ssl_sample 123: failed\n  ! mbedtls_ssl_read returned %d\n"
    assert_passed(check(sound.replace(read, left % -0x7280)))
    told = failures(check(sound.replace(read, left % -0x7180)))
    assert "mbedtls_ssl_read returned -29056" in str(told)


def test_idtls_reads_until_nothing_more_comes():
    assert_passed(check(ItlsConsole().itls().idtls(12, 40).text()))
    assert_passed(check(ItlsConsole().itls().idtls(12, closed=True).text()))


def test_idtls_without_any_answer_is_not_accused():
    report = check(ItlsConsole().itls().idtls().text())
    assert failures(report) == {}
    answer = item(report, "answer in session")
    assert answer.verdict is Verdict.NOT_RUN
    assert "nothing came back" in answer.detail


def test_a_resumed_session_has_no_code_to_verify():
    sound = ItlsConsole().itls().idtls(12).text()
    line = b"<LS_LOG> mbedtls_parse_auth_code_ext 123:   . " + VERIFIED + b"\n"
    before, _, after = sound.rpartition(line)
    resumed = b"<LS_LOG> idtls_ssl_sample 317: a session has been resumed based on session ticket!\n"
    assert_passed(check(before + resumed + after))
    assert "nothing says" in str(failures(check(before + after)))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_device_that_gets_its_id_by_the_link(version):
    report = check(ItlsConsole(version, 4, provisioned=False).itls().text())
    assert_passed(report)
    without = (
        ItlsConsole(version, 4, provisioned=False).itls().text().replace(b"ID2: " + ID.encode(), b"x", 1)
    )
    if version == "2.0.0":
        assert "provisioning" in failures(check(without))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (VERIFIED, VERIFIED.replace(b"OK", b"Failed"), "refused the server's"),
        (
            b" ok\n<LS_LOG> itls_hal_sample",
            b" failed\n  ! mbedtls_ssl_handshake returned -0x7780\n",
            "-0x7780",
        ),
        (b"4 bytes read", b"itls read fail", "not expected"),
        (b"alert type: 0", b"alert type: 40", "alert 40"),
        (b"<=========== iTLS Client Sample End.", b"", "ends before the sample does"),
    ],
)
def test_a_broken_itls_sample_fails(version, old, new, told):
    sound = ItlsConsole(version).itls().text()
    assert old in sound
    report = check(sound.replace(old, new, 1))
    assert report.verdict is Verdict.FAILED
    assert told in str(failures(report))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (VERIFIED, VERIFIED.replace(b"OK", b"Failed"), "refused the server's"),
        (
            b" 158 bytes written",
            b" failed\n  ! mbedtls_ssl_write returned -27648\n",
            "mbedtls_ssl_write returned",
        ),
        (b" 12 bytes read", b" mbedtls_ssl_read returned -0x7180", "mbedtls_ssl_read returned -0x7180"),
        (b"<=========== iDTLS Client Sample End.", b"", "ends before the sample does"),
        (
            b"<=========== iDTLS Client Sample End.",
            b"iDTLS Client Sample Test Failed!",
            "reports that it failed",
        ),
    ],
)
def test_a_broken_idtls_sample_fails_although_the_itls_sample_came_to_its_end(old, new, told):
    before, mark, after = ItlsConsole().itls().idtls(12).text().partition(b"===========> iDTLS")
    assert old in after
    report = check(before + mark + after.replace(old, new, 1))
    assert report.verdict is Verdict.FAILED
    assert told in str(failures(report))


@pytest.mark.parametrize(
    "lines",
    [
        b" failed! mbedtls_net_connect returned -68\n<LS_LOG> itls_hal_sample 66: itls establish fail\n",
        b" failed\n  ! mbedtls_net_connect returned -82\n",
    ],
)
def test_without_a_connection_nothing_is_known_of_the_device(lines):
    """No network at the bench is no defect of a device."""
    head, _, _ = ItlsConsole().itls().text().partition(b"ok\n")
    tail = b"<LS_LOG> itls_hal_sample 88: hal itls alert type: 0\n<LS_LOG> hal_itls_destroy 342: itls disconnect\n"
    report = check(head + lines + tail + b"iTLS Client Sample Failed!\n")
    assert report.verdict is Verdict.BLOCKED
    assert failures(report) == {}
    assert "got no connection to the server" in item(report, "iTLS sample").detail


def test_a_second_start_is_another_boot():
    data = ItlsConsole().itls().text()
    assert_passed(check(data + data), boots=2)


def test_a_crash_in_the_sample_is_told():
    head, _, _ = ItlsConsole().itls().text().partition(b"170 bytes written")
    crashed = head + b"\n!!!!!!!!!! Exception  !!!!!!!!!!\n"
    assert any(
        "crash" in name or "xception" in name + text for name, text in failures(check(crashed)).items()
    )


@pytest.mark.parametrize(("carrier", "claimed"), [(2, "se"), (3, "puf"), (4, "tee"), (5, "demo")])
def test_the_linked_carrier_is_held_against_the_plan(carrier, claimed):
    data = ItlsConsole("3.1.0", carrier).itls().text()
    assert_passed(check(data, claims=Claims(carrier=claimed, program=Program.ITLS_APP)))
    for other in {"se", "puf", "demo"} - {claimed}:
        assert "claimed carrier" in failures(check(data, claims=Claims(carrier=other)))
