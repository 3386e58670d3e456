"""Signature 1.0, against an example that the cloud published and one that is computed here, step by step."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.secret import Secret
from harness.service.mock.signature import sign, string_to_sign
from harness.service.rpc import percent_encode, timestamp

# A busy machine must not fail a test: nothing here is judged by time.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# The cloud's own documented example of signature 1.0 (DescribeRegions of another product).
PUBLISHED = {
    "Format": "XML",
    "AccessKeyId": "testid",
    "Action": "DescribeRegions",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
    "SignatureVersion": "1.0",
    "Timestamp": "2016-02-23T12:46:24Z",
    "Version": "2014-05-26",
}


def test_published_example():
    assert sign(Secret("testsecret"), "GET", PUBLISHED) == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_worked_example_by_hand():
    parameters = {
        "Id2": "2122232425262728292A2B2C",
        "Action": "Verify",
        "AuthCode": "2~2~AB~55~/a+b=",
        "Extra": "a b*ü",
        "Signature": "is never signed",
    }
    canonical = (
        "Action=Verify&AuthCode=2~2~AB~55~%2Fa%2Bb%3D&Extra=a%20b%2A%C3%BC&Id2=2122232425262728292A2B2C"
    )
    text = "POST&%2F&" + canonical.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    assert string_to_sign("POST", parameters) == text
    by_hand = base64.b64encode(hmac.new(b"TESTSECRET&", text.encode(), hashlib.sha1).digest()).decode()
    assert sign(Secret("TESTSECRET"), "POST", parameters) == by_hand


def test_method_and_secret_count():
    signature = sign(Secret("testsecret"), "GET", PUBLISHED)
    assert sign(Secret("testsecret"), "POST", PUBLISHED) != signature
    assert sign(Secret("testsecret2"), "GET", PUBLISHED) != signature


@UNHURRIED
@given(st.text(st.characters(codec="utf-8")))
def test_percent_encoding_round_trip(text):
    encoded = percent_encode(text)
    assert unquote(encoded, errors="strict") == text
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%")


@UNHURRIED
@given(st.text())
def test_percent_encoding_never_raises(text):
    percent_encode(text)


def test_timestamp_is_utc_in_whole_seconds():
    moment = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert timestamp(moment) == "2026-01-01T19:04:05Z"


@UNHURRIED
@given(
    st.dictionaries(
        st.text(st.sampled_from("Aa~-_.%&=+ \t\n\x00ü"), max_size=4),
        st.text(st.sampled_from("Aa0~-_.%&=+/:,'\"<>\t\n\r\x00\x7f üü你"), max_size=12),
        max_size=6,
    )
)
def test_the_string_to_sign_is_each_text_encoded_and_the_whole_once_more(parameters):
    pairs = [f"{percent_encode(name)}={percent_encode(value)}" for name, value in sorted(parameters.items())]
    assert string_to_sign("GET", parameters) == f"GET&%2F&{percent_encode('&'.join(pairs))}"
