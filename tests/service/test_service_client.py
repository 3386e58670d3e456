"""The client alone: what it refuses to do, what it makes of broken services, and what it never says."""

import logging
import secrets
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta

import pytest

from harness.errors import UsageError
from harness.id2.codes import ServiceCode
from harness.run.failure import ErrorRecord
from harness.run.safe import Mask
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.errors import GatewayRefusal, ServiceRefusal, ServiceUnavailable
from harness.service.mock.server import MockService
from harness.service.wire import HttpWire
from tests.service.service_bench import new_device

KEY = AccessKey("TESTKEY", Secret("TESTSECRET"))
ID2 = "2122232425262728292A2B2C"


def read_request(connection: socket.socket) -> None:
    """Read all of a request: closing with unread bytes would reset the connection under the answer."""
    reader = connection.makefile("rb")
    length = 0
    while (line := reader.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    reader.read(length)


@contextmanager
def answering(*chunks: bytes, hang: bool = False) -> Iterator[str]:
    """A real socket that reads one request and answers with these bytes, whatever they are."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            # A client that has read enough hangs up.
            with connection, suppress(ConnectionError):
                read_request(connection)
                for chunk in chunks:
                    connection.sendall(chunk)
                if hang:
                    over.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def ask(endpoint: str, timeout: float = 10.0, **options) -> str:
    with Id2Service(HttpWire(endpoint, KEY, timeout=timeout), **options) as service:
        return service.get_server_random(ID2)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "broke"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke"),
        (http("200 OK", b"<html>hello</html>"), "not JSON"),
        (http("200 OK", b'{"Data": "AB", "Success": "true"}'), "Code is missing"),
        (http("200 OK", b'{"Code": "200", "Success": "false"}'), "contradict"),
        (http("200 OK", b'{"Code": "18", "Success": "true"}'), "contradict"),
        (http("200 OK", b'{"Code": "200", "Success": "true"}'), "Data is missing"),
        (http("200 OK", b'{"Code": "200", "Data": ""}'), "Data is ''"),
        (http("200 OK", b"x" * (2 << 20)), "1048576 bytes"),
        (http("503 Busy", b"<html>"), "HTTP 503"),
        (
            http("500 Oops", b'{"Code": "InternalError", "Message": "unknown error"}'),
            "HTTP 500 .InternalError: unkn",
        ),
        (http("302 Found", b""), "HTTP 302"),
        (http("404 Not Found", b"no such page"), "HTTP 404"),
    ],
)
def test_broken_services_are_named_with_their_endpoint(answer, says):
    with answering(answer) as endpoint, pytest.raises(ServiceUnavailable, match=says) as caught:
        ask(endpoint)
    assert endpoint in caught.value.message
    assert caught.value.hint
    assert (caught.value.outcome, caught.value.exit_code) == ("blocked", 3)


def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ServiceUnavailable, match="nothing answers") as caught:
        ask(endpoint)
    assert endpoint in caught.value.message
    assert "harness service" in caught.value.hint


@pytest.mark.parametrize(
    "chunks", [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",)], ids=["silence", "half"]
)
def test_no_answer_in_time(chunks):
    with answering(*chunks, hang=True) as endpoint, pytest.raises(ServiceUnavailable, match=r"within 0\.1 s"):
        ask(endpoint, timeout=0.1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SignatureDoesNotMatch", "AccessKey secret"),
        ("InvalidAccessKeyId.NotFound", "AccessKey id"),
        ("InvalidTimeStamp.Expired", "clock"),
        ("MissingId2", "Id2"),
        ("Throttling.User", "slowly"),
        ("Something.New", "look the code up"),
    ],
)
def test_gateway_refusals(name, hint):
    body = b'{"RequestId": "R-1", "Code": "%s", "Message": "It is so."}' % name.encode()
    with (
        answering(http("400 Bad", body)) as endpoint,
        pytest.raises(GatewayRefusal, match="It is so") as caught,
    ):
        ask(endpoint)
    error = caught.value
    assert (error.name, error.status, error.request_id, error.outcome) == (name, 400, "R-1", "blocked")
    assert hint in error.hint


def test_unknown_codes_stay_printable():
    body = b'{"RequestId": "R-2", "Code": "99", "Success": "false"}'
    with (
        answering(http("200 OK", body)) as endpoint,
        pytest.raises(ServiceRefusal, match="code 99") as caught,
    ):
        ask(endpoint)
    assert caught.value.code == 99
    assert not isinstance(caught.value.code, ServiceCode)
    assert "R-2" in caught.value.hint
    assert ErrorRecord.of(caught.value, Mask()).code == 99


def test_hostile_answers_are_escaped_and_bounded():
    body = b'{"Code": "x\\u001b[31m<script>", "Message": "%s"}' % (b"A\\n" * 500_00)
    with answering(http("400 Bad", body)) as endpoint, pytest.raises(GatewayRefusal) as caught:
        ask(endpoint)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    "endpoint",
    [
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://user:secretpassword@127.0.0.1",
        "http://127.0.0.1/path",
        "http://127.0.0.1/?Signature=secretpassword",
        "http://127.0.0.1:99999",
        "http://[::1",
        "",
    ],
)
def test_endpoints_that_are_none(endpoint):
    with pytest.raises(UsageError, match="endpoint must be") as caught:
        HttpWire(endpoint, KEY)
    assert "secretpassword" not in caught.value.message


@pytest.mark.parametrize(
    "host", ["id2.cn-shanghai.aliyuncs.com", "10.0.0.1", "localhost.example", "[2001:db8::1]"]
)
def test_other_computers_are_the_real_service(host):
    with pytest.raises(UsageError, match="not asked for as the real service"):
        HttpWire(f"https://{host}", KEY)
    HttpWire(f"http://{host}", KEY, real=True).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_this_computer(host):
    with Id2Service(HttpWire(f"http://{host}:1/", KEY)) as service:
        assert service.endpoint == f"http://{host}:1"


def test_a_proxy_of_the_environment_is_not_used(bench, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with bench.mock.client() as service:
        assert service.get_server_random(bench.device().id2)


def test_wrong_secret_and_unknown_key(bench):
    real = bench.admin.default_access_key()[0]
    with bench.mock.client(AccessKey(real.id, Secret("wrong"))) as service:
        with pytest.raises(GatewayRefusal, match="SignatureDoesNotMatch") as caught:
            service.get_server_random(bench.device().id2)
        assert "string to sign" not in caught.value.message
    with (
        bench.mock.client(KEY) as service,
        pytest.raises(GatewayRefusal, match=r"InvalidAccessKeyId\.NotFound"),
    ):
        service.get_server_random(bench.device().id2)


def test_a_clock_that_is_off(own_bench):
    own_bench.admin.move_clock(timedelta(hours=1))
    key = own_bench.admin.default_access_key()[0]
    with (
        Id2Service(HttpWire(own_bench.mock.endpoint, key)) as service,
        pytest.raises(GatewayRefusal, match=r"InvalidTimeStamp\.Expired") as caught,
    ):
        service.get_server_random(ID2)
    assert "clock" in caught.value.hint


def test_every_call_is_reported_once(bench):
    seen = []
    device, product = bench.device(), bench.product(licences=0)
    with bench.mock.client(on_call=seen.append) as service:
        code = device.answer(service.get_server_random(device.id2))
        with pytest.raises(ServiceRefusal):
            service.verify(device.id2, product.product_key, code)
        with pytest.raises(GatewayRefusal):
            service.verify(device.id2, product.product_key, "")
    assert [(call.operation, call.id2, call.code) for call in seen] == [
        ("GetServerRandom", device.id2, 200),
        ("Verify", device.id2, 16),
        ("Verify", device.id2, "MissingAuthCode"),
    ]
    assert all(call.duration_ns > 0 and len(call.request_id) == 36 for call in seen)
    unreachable = []
    with pytest.raises(ServiceUnavailable):
        ask("http://127.0.0.1:1", on_call=unreachable.append)
    assert [call.code for call in unreachable] == ["unavailable"]


def test_secrets_stay_out_of_errors_tracebacks_and_logs(bench, caplog):
    caplog.set_level(logging.DEBUG)
    secret = bench.admin.default_access_key()[0].secret.reveal().decode()
    session_key = secrets.token_hex(8)
    device, product = bench.active()
    with bench.mock.client() as service:
        code = device.answer(service.get_server_random(device.id2))
        service.verify_and_encrypt(device.id2, product.product_key, code, session_key)
        with pytest.raises(ServiceRefusal) as refused:
            service.verify_and_encrypt(device.id2, product.product_key, code, session_key)
    with answering(b"garbage") as endpoint, pytest.raises(ServiceUnavailable) as broken:
        ask(endpoint)
    said = caplog.text + "".join(
        "".join(traceback.format_exception(error.value)) + repr(ErrorRecord.of(error.value, Mask()))
        for error in (refused, broken)
    )
    for text in (secret, session_key, "Signature=", KEY.secret.reveal().decode()):
        assert text not in said
    assert secret not in repr(bench.admin.default_access_key())


def test_a_devices_garbage_is_sent_and_refused(bench):
    device, product = bench.device(), bench.product()
    with pytest.raises(ServiceRefusal, match="code 21"):
        bench.service.verify(device.id2, product.product_key, "\udcff\x00\x1b[2J~" * 20)
    with pytest.raises(ServiceRefusal, match="code 18"):
        bench.service.get_server_random(new_device().id2)


def test_a_mock_is_started_by_whoever_calls_it_first():
    """A run starts it with the first call; exploring and suites each may be the first."""
    mock = MockService()
    with closing(mock):
        with pytest.raises(UsageError, match="is not running"):
            mock.client()
        mock.start()
        endpoint = mock.endpoint
        mock.start()
        assert mock.endpoint == endpoint
