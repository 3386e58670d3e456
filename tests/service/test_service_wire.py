"""The wire over HTTP and TLS, as the real service is called, against a mock that stands in for the cloud."""

import logging
import socket
import traceback
from contextlib import contextmanager
from dataclasses import replace

import pytest

from harness.errors import UsageError
from harness.run.failure import ErrorRecord
from harness.run.safe import Mask
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.errors import AccountRefusal, GatewayRefusal, ServiceRefusal, ServiceUnavailable
from harness.service.mock.server import MockService
from harness.service.wire import HttpWire
from harness.web.tls import Tls
from tests.service.service_bench import Bench, new_device
from tests.service.test_service_client import answering, http

KEY = AccessKey("TESTKEY", Secret("TESTSECRETSECRET"))
ID2 = "2122232425262728292A2B2C"


@contextmanager
def cloud(endpoint, key=KEY, **options):
    wire = HttpWire(endpoint, key, real=True, **options)
    with Id2Service(wire) as service:
        yield service


def authenticates(mock, **options):
    bench = Bench(mock, None)
    device, product = bench.device(), bench.product()
    with cloud(mock.endpoint, mock.admin.default_access_key()[0], **options) as service:
        code = device.answer(service.get_server_random(device.id2), "ä & b=1")
        assert service.verify(device.id2, product.product_key, code, "ä & b=1")
        code = device.answer(service.get_server_random(device.id2))
        assert service.verify_and_encrypt(device.id2, product.product_key, code, "session key")
        with pytest.raises(ServiceRefusal, match="code 35"):
            service.verify(device.id2, product.product_key, code)
    assert mock.admin.device(device.id2).product_key == product.product_key


@pytest.mark.parametrize(("foreign", "kind"), [(True, AccountRefusal), (False, ServiceRefusal)])
def test_what_the_account_is_refused_for_says_nothing_about_the_device(bench, foreign, kind):
    device = bench.device()
    wire = HttpWire(bench.mock.endpoint, bench.mock.admin.default_access_key()[0])
    with Id2Service(wire, foreign_account=foreign) as service:
        code = device.answer(service.get_server_random(device.id2))
        with pytest.raises(ServiceRefusal, match="code 51") as caught:
            service.verify(device.id2, "a1WRONGabcd", code)
        assert type(caught.value) is kind
        assert (caught.value.outcome, caught.value.exit_code) == (
            ("blocked", 3) if foreign else ("failed", 1)
        )
        assert "ProductKey" in caught.value.hint
        with pytest.raises(ServiceRefusal, match=r"code 21|code 35") as caught:
            service.verify(device.id2, bench.product().product_key, code[:-2] + "00")
        assert caught.value.outcome == "failed"


def test_over_http(bench):
    authenticates(bench.mock)


def test_over_tls(tmp_path):
    tls = Tls.made()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(tls.ca_pem)
    with MockService(tls=tls) as mock:
        assert mock.endpoint.startswith("https://")
        authenticates(mock, ca=ca)
        with (
            cloud(mock.endpoint) as service,
            pytest.raises(ServiceUnavailable, match="certificate") as caught,
        ):
            service.get_server_random(ID2)
    assert not caught.value.sent
    assert "service.ca" in caught.value.hint


def test_temporary_credentials(bench):
    given = bench.admin.issue_sts("full", lifetime_s=900)
    device = bench.device()
    with cloud(bench.mock.endpoint, given.access_key) as service:
        assert service.get_server_random(device.id2)
    with (
        cloud(bench.mock.endpoint, replace(given.access_key, token=Secret("another-token"))) as service,
        pytest.raises(GatewayRefusal, match="InvalidSecurityToken"),
    ):
        service.get_server_random(device.id2)


def test_gateway_failures(bench):
    right = bench.admin.default_access_key()[0]
    for key, name in [
        (KEY, "InvalidAccessKeyId.NotFound"),
        (AccessKey(right.id, KEY.secret), "SignatureDoesNotMatch"),
    ]:
        with cloud(bench.mock.endpoint, key) as service, pytest.raises(GatewayRefusal) as caught:
            service.get_server_random(ID2)
        assert caught.value.name == name
        assert "AccessKey" in caught.value.hint
        assert "tring" not in caught.value.message, "what was signed is not repeated"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "broke"),
        (http("200 OK", b"<html>"), "not JSON"),
        (http("200 OK", b"x" * (2 << 20)), "1048576 bytes"),
        (http("503 Busy", b"<html>"), "HTTP 503"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "HTTP 302"),
    ],
    ids=["nothing", "page", "large", "503", "redirect"],
)
def test_broken_services(answer, says):
    with (
        answering(answer) as endpoint,
        cloud(endpoint) as service,
        pytest.raises(ServiceUnavailable, match=says),
    ):
        service.get_server_random(ID2)


def test_silence():
    with (
        answering(hang=True) as endpoint,
        cloud(endpoint, timeout=0.2) as service,
        pytest.raises(ServiceUnavailable, match=r"within 0\.2 s") as caught,
    ):
        service.get_server_random(ID2)
    assert caught.value.sent


def test_nothing_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with cloud(endpoint) as service, pytest.raises(ServiceUnavailable, match="nothing answers") as caught:
        service.get_server_random(ID2)
    assert not caught.value.sent


def test_proxy_of_the_environment(bench, monkeypatch):
    page = http("200 OK", b'{"Code": "200", "Success": "true", "Data": "FROMPROXY"}')
    with answering(page) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        with cloud("http://id2.invalid") as service:
            assert service.get_server_random(ID2) == "FROMPROXY"
    with cloud("http://id2.invalid") as service, pytest.raises(ServiceUnavailable, match="proxy") as caught:
        service.get_server_random(ID2)
    assert "HTTPS_PROXY" in caught.value.hint
    device = bench.device()
    with cloud(bench.mock.endpoint, bench.admin.default_access_key()[0]) as service:
        assert service.get_server_random(device.id2), "this computer is not reached through a proxy"


@pytest.mark.parametrize(
    ("exceptions", "asked"),
    [("", True), ("example.org", True), ("id2.invalid", False), (".invalid", False), ("*", False)],
)
def test_exceptions_from_the_proxy(monkeypatch, exceptions, asked):
    monkeypatch.setenv("http_proxy", "127.0.0.1:1")
    monkeypatch.setenv("no_proxy", exceptions)
    with cloud("http://id2.invalid") as service, pytest.raises(ServiceUnavailable) as caught:
        service.get_server_random(ID2)
    assert ("proxy" in caught.value.message) is asked
    assert ("cannot be resolved" in caught.value.message) is not asked
    assert not caught.value.sent


def test_a_network_of_addresses_is_excepted_from_the_proxy(monkeypatch):
    # 192.0.2.0/24 is nobody's: a call that went there would not come back, so none is made.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    for exceptions, asked in [("10.0.0.0/8", True), ("10.0.0.0/8, 192.0.2.0/24", False)]:
        monkeypatch.setenv("no_proxy", exceptions)
        wire = HttpWire("https://192.0.2.7", KEY, real=True)
        assert wire._proxied is asked
        wire.close()


@pytest.mark.parametrize("proxy", ["socks5://user:HIDDEN@127.0.0.1:1", "ftp://HIDDEN", "http://HIDDEN:port"])
def test_proxies_that_are_none(monkeypatch, proxy):
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(UsageError, match="proxy") as caught:
        HttpWire("https://id2.invalid", KEY, real=True)
    assert "HIDDEN" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "key",
    [
        AccessKey("", Secret("S")),
        AccessKey("HIDDEN\r\nx-acs-action: Activate", Secret("S")),
        AccessKey("HIDDENü", Secret("S")),
        AccessKey("ID", Secret("S"), Secret("HIDDEN TOKEN")),
        AccessKey("ID", Secret("S"), Secret(b"HIDDEN\xff")),
    ],
    ids=["empty", "line end", "letter", "space", "bytes"],
)
def test_credentials_that_no_header_can_carry(bench, key):
    before = len(bench.admin.calls())
    with (
        Id2Service(HttpWire(bench.mock.endpoint, key)) as service,
        pytest.raises(UsageError, match="cannot be sent") as caught,
    ):
        service.get_server_random(ID2)
    assert len(bench.admin.calls()) == before
    assert "HIDDEN" not in "".join(traceback.format_exception(caught.value))


def test_a_service_that_speaks_no_tls():
    with (
        MockService() as mock,
        cloud(mock.endpoint.replace("http:", "https:")) as service,
        pytest.raises(ServiceUnavailable, match="TLS connection") as caught,
    ):
        service.get_server_random(ID2)
    assert not caught.value.sent


def test_an_answer_that_trickles_in_is_given_up():
    with (
        answering(http("200 OK", b"x" * 9)[:-1], hang=True) as endpoint,
        cloud(endpoint, timeout=0.2) as service,
        pytest.raises(ServiceUnavailable, match=r"within 0\.2 s") as caught,
    ):
        service.get_server_random(ID2)
    assert caught.value.sent


def test_secrets_stay_out_of_errors_and_logs(bench, caplog, capfd, monkeypatch):
    monkeypatch.setenv("DEBUG", "sdk")
    caplog.set_level(logging.DEBUG)
    device, product = new_device(), bench.product()
    code = "0~2~0011223344556677~HIDDENCHALLENGE~c2lnbg=="
    said, session = "", "HIDDEN" + "SESSION"
    with cloud(bench.mock.endpoint) as service, pytest.raises(GatewayRefusal) as refused:
        service.verify_and_encrypt(device.id2, product.product_key, code, session)
    with (
        answering(b"") as endpoint,
        cloud(endpoint) as service,
        pytest.raises(ServiceUnavailable) as broken,
    ):
        service.verify_and_encrypt(device.id2, product.product_key, code, session)
    for error in (refused.value, broken.value):
        said += "".join(traceback.format_exception(error)) + repr(ErrorRecord.of(error, Mask()))
    shown = capfd.readouterr()
    said += caplog.text + shown.out + shown.err
    for hidden in ("TESTSECRETSECRET", "HIDDENSESSION", "HIDDENCHALLENGE", "ACS3-HMAC"):
        assert hidden not in said


def test_a_devices_garbage_is_sent_and_refused(bench):
    device, product = bench.device(), bench.product()
    with (
        cloud(bench.mock.endpoint, bench.admin.default_access_key()[0]) as service,
        pytest.raises(ServiceRefusal, match="code 21"),
    ):
        service.verify(device.id2, product.product_key, "\udcff\x00\x1b[2J~" * 20)


def test_no_such_certificates(tmp_path):
    with pytest.raises(UsageError, match=r"nothing\.pem"):
        HttpWire("https://127.0.0.1", KEY, ca=tmp_path / "nothing.pem")
    (tmp_path / "nothing.pem").write_text("hello")
    with pytest.raises(UsageError, match="PEM"):
        HttpWire("https://127.0.0.1", KEY, ca=tmp_path / "nothing.pem")
