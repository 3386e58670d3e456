"""The gateway in front of the operations, judged by raw HTTP: codes, statuses, shapes, and XML."""

import socket
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from harness.service.mock.settings import Settings
from harness.service.mock.signature import string_to_sign
from harness.service.rpc import timestamp
from tests.service.service_bench import new_device

UUID = r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"
NO_PROXY = {"trust_env": False}


def error(answer: httpx.Response) -> tuple[int, str]:
    assert set(answer.json()) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    return answer.status_code, answer.json()["Code"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Version": "2018-08-07"}, (400, "InvalidVersion")),
        ({"Version": None}, (400, "InvalidVersion")),
        ({"Action": "Verify2"}, (404, "InvalidAction.NotFound")),
        ({"Action": "verify"}, (404, "InvalidAction.NotFound")),
        ({"Action": None}, (400, "MissingAction")),
        ({"Format": "YAML"}, (400, "InvalidParameter.Format")),
        ({"AccessKeyId": None}, (400, "MissingAccessKeyId")),
        ({"Signature": None}, (400, "MissingSignature")),
        ({"SignatureNonce": None}, (400, "MissingSignatureNonce")),
        ({"Timestamp": None}, (400, "MissingTimestamp")),
        ({"ApiVersion": None}, (400, "MissingApiVersion")),
        ({"Id2": None}, (400, "MissingId2")),
        ({"Id2": ""}, (400, "MissingId2")),
        ({"SignatureMethod": "HMAC-SHA256"}, (400, "InvalidSignatureMethod")),
        ({"SignatureVersion": "2.0"}, (400, "InvalidSignatureVersion")),
        ({"Timestamp": "2026-01-01 00:00:00"}, (400, "InvalidTimeStamp.Format")),
        ({"AccessKeyId": "nobody"}, (404, "InvalidAccessKeyId.NotFound")),
        ({"Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, (400, "SignatureDoesNotMatch")),
        ({"Signature": "ü"}, (400, "SignatureDoesNotMatch")),
        ({"SignatureNonce": "n" * 200}, (400, "SignatureNonceUsed")),
    ],
    ids=str,
)
def test_gateway_errors(bench, changes, expected):
    answer = bench.post(**{"action": "GetServerRandom", "Id2": new_device().id2, **changes})
    if expected[1] == "InvalidParameter.Format":
        assert answer.status_code == 400
        assert ET.fromstring(answer.text).findtext("Code") == expected[1]
    else:
        assert error(answer) == expected


@pytest.mark.parametrize("name", ["AuthCode", "Id2", "ProductKey", "Data"])
def test_each_required_parameter(bench, name):
    parameters = {"Id2": "A", "ProductKey": "B", "AuthCode": "C", "Data": "D", name: None}
    answer = bench.post("VerifyAndEncrypt", **parameters)
    assert error(answer) == (400, f"Missing{name}")
    assert answer.json()["Message"] == f"{name} is mandatory for this action."


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clock_skew(bench, minutes):
    moment = timestamp(bench.admin.now() + timedelta(minutes=minutes))
    assert error(bench.post("GetServerRandom", Id2="A", Timestamp=moment)) == (
        400,
        "InvalidTimeStamp.Expired",
    )


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clock_skew_that_is_allowed(bench, minutes):
    moment = timestamp(bench.admin.now() + timedelta(minutes=minutes))
    assert bench.post("GetServerRandom", Id2="A", Timestamp=moment).json()["Code"] == "18"


def test_the_string_to_sign_is_echoed_as_the_cloud_does(bench):
    parameters = bench.signed("GetServerRandom", Id2="A B", Signature="wrong")
    message = httpx.post(bench.mock.endpoint, data=parameters, **NO_PROXY).json()["Message"]
    assert message == (
        "Specified signature is not matched with our calculation. server string to sign is:"
        + string_to_sign("POST", parameters)
    )


def test_a_replayed_request_is_stopped_and_changes_nothing(bench):
    device, product = bench.device(), bench.product()
    code = device.answer(bench.service.get_server_random(device.id2))
    parameters = bench.signed("Verify", Id2=device.id2, ProductKey=product.product_key, AuthCode=code)
    assert httpx.post(bench.mock.endpoint, data=parameters, **NO_PROXY).json()["Code"] == "200"
    assert error(httpx.post(bench.mock.endpoint, data=parameters, **NO_PROXY)) == (400, "SignatureNonceUsed")
    assert bench.admin.counters(product.product_key).used == 1


def test_a_wrong_signature_does_not_burn_the_nonce(bench):
    good = bench.signed("GetServerRandom", Id2=bench.device().id2)
    assert error(httpx.post(bench.mock.endpoint, data={**good, "Signature": "x"}, **NO_PROXY))[0] == 400
    assert httpx.post(bench.mock.endpoint, data=good, **NO_PROXY).json()["Code"] == "200"


def test_a_changed_parameter_breaks_the_signature(bench):
    good = bench.signed("GetServerRandom", Id2=bench.device().id2)
    changed = {**good, "Id2": bench.device().id2}
    assert error(httpx.post(bench.mock.endpoint, data=changed, **NO_PROXY)) == (400, "SignatureDoesNotMatch")


def test_the_method_is_part_of_the_signature(bench):
    good = bench.signed("GetServerRandom", method="GET", Id2=bench.device().id2)
    assert error(httpx.post(bench.mock.endpoint, data=good, **NO_PROXY)) == (400, "SignatureDoesNotMatch")
    assert httpx.get(bench.mock.endpoint, params=good, **NO_PROXY).json()["Code"] == "200"


def test_parameters_split_between_query_and_form(bench):
    good = bench.signed("GetServerRandom", Id2=bench.device().id2)
    query = {name: good.pop(name) for name in ("Action", "Version", "Id2")}
    assert httpx.post(bench.mock.endpoint, params=query, data=good, **NO_PROXY).json()["Code"] == "200"


def test_success_in_json_with_strings(bench):
    device, product = bench.device(), bench.product()
    answer = bench.post(
        "Verify", Id2=device.id2, ProductKey=product.product_key, AuthCode=device.stamp(bench.now_ms())
    )
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert body.pop("RequestId")
    assert body == {"Data": "true", "Code": "200", "Success": "true"}


@pytest.mark.parametrize("own_bench", [Settings(native_types=True)], indirect=True)
def test_success_in_json_with_native_types(own_bench):
    device, product = own_bench.device(), own_bench.product()
    answer = own_bench.post(
        "Verify", Id2=device.id2, ProductKey=product.product_key, AuthCode=device.stamp(own_bench.now_ms())
    )
    body = answer.json()
    assert body.pop("RequestId")
    assert body == {"Data": True, "Code": 200, "Success": True}


@pytest.mark.parametrize("form", ["XML", "xml", None])
def test_answers_in_xml(bench, form):
    device, product = bench.active()
    code = device.answer(bench.service.get_server_random(device.id2))
    answer = bench.post(
        "GetServerAuthCodeAndEncryptData",
        Format=form,
        Id2=device.id2,
        ProductKey=product.product_key,
        DeviceAuthCode=code,
        DeviceChallenge="<&'\">]]>",
        Data="1234",
    )
    assert answer.headers["content-type"].startswith("text/xml")
    root = ET.fromstring(answer.text)
    assert root.tag == "GetServerAuthCodeAndEncryptDataResponse"
    assert [child.tag for child in root] == ["RequestId", "Data", "Code", "Success"]
    assert (root.findtext("Code"), root.findtext("Success")) == ("200", "true")
    assert root.findtext("Data/ServerAuthCode", "").split("~")[2] == "<&'\">]]>"


def test_refusals_and_gateway_errors_in_xml(bench):
    root = ET.fromstring(bench.post("GetServerRandom", Format="XML", Id2="A").text)
    assert (root.tag, root.findtext("Code"), root.findtext("Success")) == (
        "GetServerRandomResponse",
        "18",
        "false",
    )
    assert root.find("Data") is None
    answer = bench.post("GetServerRandom", Format="XML", Id2="A", Signature="<&>")
    root = ET.fromstring(answer.text)
    assert (answer.status_code, root.tag) == (400, "Error")
    assert {child.tag for child in root} == {"RequestId", "HostId", "Code", "Message", "Recommend"}


def test_other_paths_and_methods(bench):
    endpoint = bench.mock.endpoint
    assert httpx.get(f"{endpoint}/admin", **NO_PROXY).status_code == 404
    for method in ("PUT", "BREW"):
        answer = httpx.request(method, endpoint, content=b"x", **NO_PROXY)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "allow" not in httpx.get(f"{endpoint}/admin", **NO_PROXY).headers
    assert httpx.get(endpoint, **NO_PROXY).status_code == 400


def test_bodies_and_fields_are_bounded(bench):
    endpoint = bench.mock.endpoint
    limit = bench.mock.settings.body_max
    assert httpx.post(endpoint, data={"Action": "A" * (limit - 7)}, **NO_PROXY).status_code == 400
    assert httpx.post(endpoint, data={"Action": "A" * limit}, **NO_PROXY).status_code == 413
    for declared in (limit + 1, 99999999999):
        with socket.create_connection(("127.0.0.1", urlsplit(endpoint).port), 5) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % declared)
            assert client.recv(4096).startswith(b"HTTP/1.1 413 ")  # not when the time for a request is over
    assert httpx.post(endpoint, data={f"n{i}": "" for i in range(100)}, **NO_PROXY).status_code == 400
    assert httpx.post(endpoint, content=b"\xff\xfe%zz&&==", **NO_PROXY).status_code == 400


def test_the_call_log_tells_what_happened_and_keeps_no_secret(own_bench):
    device, product = own_bench.active()
    own_bench.post("GetServerRandom", Id2="A", Signature="x")
    code = device.answer(own_bench.service.get_server_random(device.id2))
    own_bench.service.verify_and_encrypt(device.id2, product.product_key, code, "the session key")
    log = own_bench.admin.calls()
    assert [(call.operation, call.code, call.status) for call in log] == [
        ("GetServerRandom", "200", 200),
        ("Verify", "200", 200),
        ("GetServerRandom", "SignatureDoesNotMatch", 400),
        ("GetServerRandom", "200", 200),
        ("VerifyAndEncrypt", "200", 200),
    ]
    assert log[-1].parameters["AuthCode"] == code
    assert log[-1].parameters["Data"].startswith("sha256:")
    secret = own_bench.admin.default_access_key()[0].secret.reveal().decode()
    assert all(text not in repr(log) for text in ("the session key", secret, "Signature'"))
    assert len({call.request_id for call in log}) == 5
