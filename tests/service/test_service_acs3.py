"""ACS3-HMAC-SHA256 against the cloud's published example and against the official client's own signer."""

import contextlib
import hashlib
import io
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

import pytest
from alibabacloud_credentials.models import CredentialModel
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.core import DaraCore
from darabonba.runtime import RuntimeOptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.secret import Secret
from harness.service import acs3
from harness.service.access_key import AccessKey
from harness.service.rpc import VERSION

# A busy machine must not fail a test: nothing here is judged by time.
UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

# The cloud's own documented example (RunInstances of another product), all values fixed.
EXAMPLE_HEADERS = {
    "host": ["ecs.cn-shanghai.aliyuncs.com"],
    "x-acs-action": ["RunInstances"],
    "x-acs-content-sha256": ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    "x-acs-date": ["2023-10-26T10:22:32Z"],
    "x-acs-signature-nonce": ["3156853299f313e23d1673dc12e1703d"],
    "x-acs-version": ["2014-05-26"],
}
EXAMPLE_QUERY = {
    "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
    "RegionId": "cn-shanghai",
}

# The official client leaves names in a query as they are, so they are taken from what needs no encoding.
names = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789.-_~", min_size=1, max_size=12)
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
# Header values as HTTP lets them through: visible ASCII, spaces inside.
header_values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


def test_published_example():
    canonical = acs3.canonical_request("POST", EXAMPLE_QUERY, EXAMPLE_HEADERS, EXAMPLE_HEADERS, b"")
    signature = acs3.sign(Secret("YourAccessKeySecret"), acs3.string_to_sign(canonical))
    assert signature == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


@UNHURRIED
@given(
    method=st.sampled_from(["GET", "POST"]),
    query=st.dictionaries(names, values, max_size=6),
    headers=st.dictionaries(names.map(lambda name: "x-acs-" + name.lower()), header_values, max_size=5),
    body=st.binary(max_size=50),
    secret=st.text(st.characters(codec="ascii"), min_size=1, max_size=30),
)
def test_same_signature_as_the_official_client(method, query, headers, body, secret):
    sent = {"host": "127.0.0.1:8080", **headers}
    request = SimpleNamespace(method=method, pathname="/", query=query, headers=sent)
    theirs = Utils.get_authorization(
        request, acs3.ALGORITHM, hashlib.sha256(body).hexdigest(), "AKID", secret
    )
    said = acs3.parse(theirs)
    received = {name: [value] for name, value in sent.items()}
    canonical = acs3.canonical_request(method, query, received, said.signed_headers, body)
    assert acs3.sign(Secret(secret), acs3.string_to_sign(canonical)) == said.signature
    assert said.access_key_id == "AKID"
    assert set(acs3.must_be_signed(received)) <= set(said.signed_headers)


def official_call(monkeypatch, host, operation, parameters, key):
    """Have the official client make a whole call, and return the request that it would send."""
    made = []

    def sent(request, _runtime):
        made.append(request)
        return SimpleNamespace(status_code=200, headers={}, body=io.BytesIO(b"{}"))

    monkeypatch.setattr(DaraCore, "do_action", sent)
    credentials = CredentialModel(
        access_key_id=key.id,
        access_key_secret=key.secret.reveal().decode(),
        security_token=key.token.reveal().decode() if key.token else None,
        type="sts" if key.token else "access_key",
    )
    client = Client(Config(credential=SimpleNamespace(get_credential=lambda: credentials), endpoint=host))
    params = Params(
        action=operation,
        version=VERSION,
        protocol="HTTPS",
        method="POST",
        auth_type="AK",
        style="RPC",
        pathname="/",
        req_body_type="formData",
        body_type="string",
    )
    client.call_api(params, OpenApiRequest(body=dict(parameters)), RuntimeOptions())
    (request,) = made
    return request


@UNHURRIED
@given(
    host=st.sampled_from(["127.0.0.1:8080", "id2.cn-shanghai.aliyuncs.com", "[::1]:1"]),
    operation=st.sampled_from(["GetServerRandom", "Verify", "VerifyAndEncrypt", "OtpGetId2"]),
    parameters=st.dictionaries(names, values, min_size=1, max_size=8),
    key_id=st.text(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.", min_size=1, max_size=30
    ),
    secret=st.text(st.characters(codec="ascii"), min_size=1, max_size=40),
    token=st.none() | st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60),
)
def test_whole_calls_are_those_of_the_official_client(host, operation, parameters, key_id, secret, token):
    key = AccessKey(key_id, Secret(secret), Secret(token) if token else None)
    with pytest.MonkeyPatch.context() as monkeypatch:
        theirs = official_call(monkeypatch, host, operation, parameters, key)
    form = urlencode(sorted(parameters.items())).encode()
    assert form == theirs.body.encode()
    wanted = {name.lower(): value for name, value in theirs.headers.items()}
    ours = acs3.headers(
        operation, host, form, key, date=wanted["x-acs-date"], nonce=wanted["x-acs-signature-nonce"]
    )
    authorization = ours.pop("authorization")
    assert ours == {
        name: wanted[name] for name in wanted if name not in ("accept", "user-agent", "authorization")
    }
    # The official client signs `accept` and `user-agent` too, which a proxy may change; with them it is the same.
    signed = {name: value for name, value in wanted.items() if name != "authorization"}
    assert acs3.authorization("POST", signed, form, key) == wanted["authorization"]
    said = acs3.parse(authorization)
    assert set(said.signed_headers) == set(ours)
    canonical = acs3.canonical_request(
        "POST", {}, {n: [v] for n, v in ours.items()}, said.signed_headers, form
    )
    assert said.signature == acs3.sign(key.secret, acs3.string_to_sign(canonical))
    assert dict(parse_qsl(form.decode(), keep_blank_values=True)) == parameters


@UNHURRIED
@given(query=st.dictionaries(names, values, min_size=1, max_size=4), data=st.data())
def test_every_value_counts(query, data):
    name = data.draw(st.sampled_from(sorted(query)))
    changed = {**query, name: query[name] + "x"}
    one, other = (
        acs3.canonical_request("GET", either, EXAMPLE_HEADERS, EXAMPLE_HEADERS, b"")
        for either in (query, changed)
    )
    assert one != other


def test_names_with_special_characters_are_encoded_and_sorted():
    canonical = acs3.canonical_request("GET", {"b c": "1", "a/": "ü", "a": ""}, {}, ("host",), b"")
    assert canonical.splitlines()[2] == "a=&a%2F=%C3%BC&b%20c=1"


def test_repeated_headers_are_joined_and_the_missing_one_is_empty():
    canonical = acs3.canonical_request(
        "GET", {}, {"x-acs-b": [" two ", "one"], "unsigned": ["x"]}, ("x-acs-b", "host"), b""
    )
    assert canonical.splitlines()[3:7] == ["host:", "x-acs-b:one,two", "", "host;x-acs-b"]


def test_what_must_be_signed():
    names = ["user-agent", "x-acs-date", "host", "x-acs-action", "accept"]
    assert acs3.must_be_signed(names) == ["host", "x-acs-action", "x-acs-date"]
    assert acs3.must_be_signed([]) == ["host"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=A,SignedHeaders=host",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=A,SignedHeaders=host,Signature=xyz",
        "ACS3-HMAC-SHA256 Credential=A,SignedHeaders=host;host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=A,SignedHeaders=host;;x,Signature=00",
        "ACS3-HMAC-SHA256 SignedHeaders=host,Credential=A,Signature=00",
        "Bearer abc",
    ],
)
def test_other_authorization_headers(header):
    with pytest.raises(acs3.MalformedAuthorizationError):
        acs3.parse(header)


def test_authorization_with_spaces_and_upper_case():
    said = acs3.parse("ACS3-HMAC-SHA256 Credential=A, SignedHeaders=Host;X-Acs-Date, Signature=AB")
    assert said == acs3.Authorization("ACS3-HMAC-SHA256", "A", ("host", "x-acs-date"), "ab")


@UNHURRIED
@given(st.text())
def test_parsing_never_fails_otherwise(header):
    with contextlib.suppress(acs3.MalformedAuthorizationError):
        acs3.parse("ACS3-HMAC-SHA256 " + header)
