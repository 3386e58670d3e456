"""Fault switches, seen from outside: what a client gets, what was stored, and what the call log says."""

import base64

import httpx
import pytest

from harness.errors import UsageError
from harness.id2 import ciphers
from harness.service.errors import ServiceRefusal, ServiceUnavailable
from harness.service.mock.faults import Fault, FaultKind, Faults
from harness.service.mock.server import MockService


def on(bench, **values) -> int:
    return bench.admin.faults.add(Fault(**values))


def code_and_product(bench):
    device, product = bench.device(), bench.product(licences=1)
    return device, product, device.answer(bench.service.get_server_random(device.id2))


def last(bench):
    return bench.admin.calls(limit=1)[-1]


LOSSES = pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.HTTP_500, FaultKind.GARBAGE])


@LOSSES
def test_the_call_is_lost_and_nothing_was_done(own_bench, kind):
    device, product, code = code_and_product(own_bench)
    on(own_bench, kind=kind, operation="Verify")
    with pytest.raises(ServiceUnavailable):
        own_bench.service.verify(device.id2, product.product_key, code)
    assert (last(own_bench).operation, last(own_bench).fault) == ("Verify", kind)
    assert own_bench.admin.counters(product.product_key).used == 0
    assert own_bench.service.verify(device.id2, product.product_key, code), "the challenge was not spent"
    assert last(own_bench).fault == ""


@LOSSES
def test_the_answer_is_lost_and_the_work_was_done(own_bench, kind):
    device, product, code = code_and_product(own_bench)
    on(own_bench, kind=kind, operation="Verify", after_effect=True)
    with pytest.raises(ServiceUnavailable):
        own_bench.service.verify(device.id2, product.product_key, code)
    assert last(own_bench).fault == kind
    assert own_bench.admin.counters(product.product_key).used == 1
    with own_bench.refused(35):
        own_bench.service.verify(device.id2, product.product_key, code)


def test_a_dropped_connection_has_no_answer_at_all(own_bench):
    on(own_bench, kind=FaultKind.DROP, count=None)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        own_bench.post("GetServerRandom", Id2="A")


def test_a_truncated_answer_was_stored(own_bench):
    device, product, code = code_and_product(own_bench)
    on(own_bench, kind=FaultKind.TRUNCATE, operation="Verify")
    parameters = own_bench.signed("Verify", Id2=device.id2, ProductKey=product.product_key, AuthCode=code)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete message body|peer closed"):
        httpx.post(own_bench.mock.endpoint, data=parameters, trust_env=False)
    assert own_bench.admin.counters(product.product_key).used == 1
    assert (last(own_bench).status, last(own_bench).fault) == (200, FaultKind.TRUNCATE)


def test_a_code_instead_of_the_work(own_bench):
    device, product, code = code_and_product(own_bench)
    on(own_bench, kind=FaultKind.CODE, operation="Verify")
    with pytest.raises(ServiceRefusal) as caught:
        own_bench.service.verify(device.id2, product.product_key, code)
    assert caught.value.code == 54
    assert (last(own_bench).code, last(own_bench).fault) == ("54", FaultKind.CODE)
    assert own_bench.service.verify(device.id2, product.product_key, code)


def test_a_code_after_the_work(own_bench):
    device, product, code = code_and_product(own_bench)
    on(own_bench, kind=FaultKind.CODE, operation="Verify", code=700, after_effect=True)
    with pytest.raises(ServiceRefusal) as caught:
        own_bench.service.verify(device.id2, product.product_key, code)
    assert caught.value.code == 700
    assert own_bench.admin.counters(product.product_key).used == 1


def test_a_fault_does_not_open_the_gateway(own_bench):
    on(own_bench, kind=FaultKind.CODE)
    answer = own_bench.post("GetServerRandom", Id2="A", Signature="x")
    assert answer.json()["Code"] == "SignatureDoesNotMatch"


def both(bench, device, product):
    code = device.answer(bench.service.get_server_random(device.id2))
    answer = bench.post(
        "GetServerAuthCodeAndEncryptData",
        Id2=device.id2,
        ProductKey=product.product_key,
        DeviceAuthCode=code,
        DeviceChallenge="0123456789ABCDEF",
        Data="session key",
    ).json()["Data"]
    return answer["ServerAuthCode"], answer["EncryptData"]


def test_a_wrong_server_code_is_wrong_in_its_signature_only(own_bench):
    device, product = own_bench.active()
    right, sealed = both(own_bench, device, product)
    on(own_bench, kind=FaultKind.WRONG_SERVER_CODE)
    wrong, still_sealed = both(own_bench, device, product)
    assert wrong != right
    assert wrong.rpartition("~")[0] == right.rpartition("~")[0]
    assert still_sealed == sealed
    assert both(own_bench, device, product)[0] == right, "it struck once"


@pytest.mark.parametrize("operation", ["VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData"])
def test_a_wrong_ciphertext(own_bench, operation):
    device, product = own_bench.active()
    on(own_bench, kind=FaultKind.WRONG_CIPHERTEXT, operation=operation)
    if operation == "VerifyAndEncrypt":
        code = device.answer(own_bench.service.get_server_random(device.id2))
        text = own_bench.post(
            operation,
            Id2=device.id2,
            ProductKey=product.product_key,
            AuthCode=code,
            Data="session key, longer than a block",
        ).json()["Data"]
        plain = ciphers.decrypt(device.key, base64.b64decode(text))
        assert plain[16:] == b"session key, longer than a block"[16:]
        assert plain[:16] != b"session key, longer than a block"[:16]
    else:
        _, sealed = both(own_bench, device, product)
        assert base64.b64decode(sealed) != ciphers.encrypt(device.key, b"session key")


def test_latency_holds_up_one_call_and_no_other(own_bench):
    """A call that waits does not keep the mock from answering others: the second one is answered first."""
    device = own_bench.device()
    on(own_bench, kind=FaultKind.LATENCY, latency_ms=60_000)
    with (
        httpx.Client(trust_env=False, timeout=0.3) as impatient,
        pytest.raises(httpx.ReadTimeout),
    ):
        impatient.post(own_bench.mock.endpoint, data=own_bench.signed("GetServerRandom", Id2=device.id2))
    assert own_bench.service.get_server_random(device.id2)


def test_a_mock_with_a_waiting_call_stops():
    with MockService() as mock, mock.client(timeout=0.2) as service:
        mock.admin.faults.add(Fault(kind=FaultKind.LATENCY, latency_ms=600_000))
        with pytest.raises(ServiceUnavailable):
            service.get_server_random("A" * 24)


def test_after_and_count():
    faults = Faults()
    faults.add(Fault(kind=FaultKind.DROP, operation="Verify", after=2, count=2))
    strikes = [faults.take("Verify") is not None for _ in range(6)]
    assert strikes == [False, False, True, True, False, False]
    assert faults.active() == ()


def test_only_the_operation_that_is_named():
    faults = Faults()
    faults.add(Fault(kind=FaultKind.WRONG_SERVER_CODE, count=None))
    assert faults.take("Verify") is None
    assert faults.take("GetServerAuthCodeAndEncryptData") is not None
    assert [one.struck for one in faults.active()] == [1]


def test_the_oldest_fault_comes_first_and_faults_can_be_switched_off():
    faults = Faults()
    first = faults.add(Fault(kind=FaultKind.DROP, count=None))
    second = faults.add(Fault(kind=FaultKind.GARBAGE, count=None))
    assert faults.take("Verify").kind is FaultKind.DROP
    faults.remove(first)
    assert faults.take("Verify").kind is FaultKind.GARBAGE
    assert [one.id for one in faults.active()] == [second]
    faults.clear()
    assert faults.take("Verify") is None
    with pytest.raises(UsageError, match=f"fault {first} is not on"):
        faults.remove(first)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": FaultKind.DROP, "count": 0}, "count 0"),
        ({"kind": FaultKind.DROP, "latency_ms": -1}, "latency_ms"),
        ({"kind": FaultKind.DROP, "after": -1}, "after"),
        ({"kind": FaultKind.CODE, "code": 0}, "code"),
        ({"kind": FaultKind.LATENCY}, "needs latency_ms"),
        ({"kind": FaultKind.DROP, "operation": "Verfy"}, "'Verfy' is unknown; known are .*Verify"),
        ({"kind": FaultKind.WRONG_SERVER_CODE, "operation": "Verify"}, "does not fit Verify"),
    ],
    ids=str,
)
def test_faults_that_cannot_be(values, message):
    with pytest.raises(UsageError, match=message):
        Faults().add(Fault(**values))
