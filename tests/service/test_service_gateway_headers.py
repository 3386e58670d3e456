"""The gateway with a signature in the headers, and with requests that no client makes: raw HTTP."""

import hashlib
import socket
import uuid

import httpx
import pytest

from harness.service import acs3
from harness.service.rpc import timestamp

ALL = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")


def send(bench, body=b"Id2=A&ApiVersion=1.1.2", *, names=None, content=None, **changes):
    """Sign a POST here, step by step; None leaves a header out, `content` is sent instead of what was signed."""
    key = bench.admin.default_access_key()[0]
    headers = {
        "host": bench.mock.endpoint.removeprefix("http://"),
        "content-type": "application/x-www-form-urlencoded",
        "x-acs-action": "GetServerRandom",
        "x-acs-version": "2017-07-07",
        "x-acs-date": timestamp(bench.admin.now()),
        "x-acs-signature-nonce": str(uuid.uuid4()),
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    headers = {name: value for name, value in headers.items() if value is not None}
    signed = names or [name for name in headers if name in ALL]
    canonical = acs3.canonical_request(
        "POST", {}, {name: [value] for name, value in headers.items()}, signed, body
    )
    signature = acs3.sign(key.secret, acs3.string_to_sign(canonical))
    headers.setdefault(
        "authorization",
        f"ACS3-HMAC-SHA256 Credential={key.id},SignedHeaders={';'.join(sorted(signed))},Signature={signature}",
    )
    return httpx.post(bench.mock.endpoint, content=content or body, headers=headers, trust_env=False)


def outcome(answer) -> tuple[int, str]:
    assert answer.headers["x-acs-request-id"] == answer.json()["RequestId"]
    return answer.status_code, answer.json()["Code"]


def test_the_call_is_understood(bench):
    assert outcome(send(bench)) == (200, "18")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"x_acs_action": None}, (400, "MissingAction")),
        ({"x_acs_action": "Verify2"}, (404, "InvalidAction.NotFound")),
        ({"x_acs_version": None}, (400, "InvalidVersion")),
        ({"x_acs_version": "2018-08-07"}, (400, "InvalidVersion")),
        ({"x_acs_date": None}, (400, "MissingParameter")),
        ({"x_acs_date": "2026-01-01 00:00:00"}, (400, "InvalidTimeStamp.Format")),
        ({"x_acs_date": "2020-01-01T00:00:00Z"}, (400, "InvalidTimeStamp.Expired")),
        ({"x_acs_signature_nonce": "n" * 200}, (400, "SignatureNonceUsed")),
        ({"x_acs_content_sha256": None}, (400, "MissingParameter")),
        ({"authorization": ""}, (400, "MissingParameter")),
        ({"authorization": "Bearer x"}, (400, "IncompleteSignature")),
        (
            {"authorization": "ACS3-RSA-SHA256 Credential=a,SignedHeaders=host,Signature=00"},
            (400, "InvalidSignatureMethod"),
        ),
        ({"names": ["host", "x-acs-date"]}, (400, "IncompleteSignature")),
        ({"names": [name for name in ALL if name != "host"]}, (400, "IncompleteSignature")),
        ({"x_acs_other": "not signed"}, (400, "IncompleteSignature")),
        ({"content": b"Id2=B&ApiVersion=1.1.2"}, (400, "SignatureDoesNotMatch")),
        ({"x_acs_content_sha256": "0" * 64}, (400, "SignatureDoesNotMatch")),
        ({"body": b"ApiVersion=1.1.2"}, (400, "MissingId2")),
    ],
    ids=str,
)
def test_gateway_errors(bench, changes, expected):
    assert outcome(send(bench, **changes)) == expected


def test_a_replayed_request(bench):
    nonce = str(uuid.uuid4())
    assert outcome(send(bench, x_acs_signature_nonce=nonce)) == (200, "18")
    assert outcome(send(bench, x_acs_signature_nonce=nonce)) == (400, "SignatureNonceUsed")


@pytest.mark.parametrize("accept", ["application/xml", "text/xml"])
def test_xml_for_who_accepts_it(bench, accept):
    assert send(bench, accept=accept).headers["content-type"].startswith("text/xml")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("Id2=A&Id2=B&Format=JSON", "Id2 is given more than once"),
        ("Format=JSON&Id2=%FF%FE", "not UTF-8"),
        ("Format=JSON&" + "&".join(f"n{number}=" for number in range(80)), "More than 64 parameters"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parameters_that_no_client_sends(bench, method, query, message):
    if method == "GET":
        answer = httpx.get(f"{bench.mock.endpoint}/?{query}", trust_env=False)
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = httpx.post(
            f"{bench.mock.endpoint}/?Format=JSON",
            content=query.replace("Format=JSON&", "").replace("&Format=JSON", ""),
            headers=form,
            trust_env=False,
        )
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidParameter")
    assert message in answer.json()["Message"]


def test_the_same_parameter_in_query_and_form(bench):
    answer = httpx.post(f"{bench.mock.endpoint}/?Id2=A&Format=JSON", data={"Id2": "B"}, trust_env=False)
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidParameter")


def test_a_head_that_is_too_long(bench):
    port = int(bench.mock.endpoint.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(b"GET /?a=" + b"x" * 100_000)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Error><Code>InvalidRequest</Code>" in answer


def test_control_characters_are_answered_in_xml_that_can_be_read(bench):
    answer = bench.post("GetServerRandom", Format="XML", Id2="A\x00\x0b", Signature="x")
    assert answer.status_code == 400
    assert "\x00" not in answer.text
