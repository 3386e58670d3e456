"""Lenient reading of answers; arbitrary bytes raise nothing but the one documented error."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.service import answers
from harness.service.answers import Envelope, GatewayError, MalformedAnswerError

# A busy machine must not fail a test: nothing here is judged by time.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
REQUEST_ID = "F6AFB45A-0FD1-405E-AD2A-C50E34C429E5"


@pytest.mark.parametrize(
    "body",
    [
        {"RequestId": REQUEST_ID, "Data": "true", "Code": "200", "Success": "true"},
        {"RequestId": REQUEST_ID, "Data": "true", "Code": 200, "Success": True},
        {"requestId": REQUEST_ID, "data": "true", "code": 200, "success": True},
        {"RequestId": REQUEST_ID, "Data": "true", "Code": 200},
    ],
    ids=["strings", "native", "small letters of the 2019 page", "no Success"],
)
def test_every_documented_form_is_read(body):
    assert answers.parse_envelope(json.dumps(body).encode()) == Envelope(
        200, success=True, request_id=REQUEST_ID, data="true"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"Code": "abc"}',
        b'{"Code": true}',
        b'{"Code": 1e999}',
        b'{"Code": 99999999999999}',
        b'{"Code": "200", "Success": "yes"}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_an_answer(body):
    with pytest.raises(MalformedAnswerError):
        answers.parse_envelope(body)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
FIELDS = st.dictionaries(st.sampled_from(["Code", "code", "Success", "RequestId", "Data"]), SCALARS)


@UNHURRIED
@given(st.binary(max_size=200) | FIELDS.map(lambda fields: json.dumps(fields).encode()))
@example(b'{"Code": "\xd9\xa3", "Success": true}')
def test_arbitrary_bytes(body):
    try:
        answers.parse_envelope(body)
    except MalformedAnswerError as error:
        assert str(error).isprintable()  # noqa: PT017 - hypothesis wants both ways in one test
    answers.parse_gateway_error(body)


@UNHURRIED
@given(st.dictionaries(st.sampled_from(["Code", "Message", "RequestId"]), st.text() | st.integers()))
def test_gateway_errors_are_bounded_and_printable(fields):
    error = answers.parse_gateway_error(json.dumps(fields).encode())
    if error is not None:
        for text in (error.name, error.message, error.request_id):
            assert len(text) <= 200
            assert text.isascii()
            assert text.isprintable()


def test_the_echo_of_the_string_to_sign_is_cut_off():
    body = {
        "Code": "SignatureDoesNotMatch",
        "Message": "Not matched. server string to sign is:POST&Data%3Dkey",
    }
    assert answers.parse_gateway_error(json.dumps(body).encode()) == GatewayError(
        "SignatureDoesNotMatch", "Not matched.", ""
    )


def test_data_of_every_type():
    assert answers.boolean("True", "Data") is True
    assert answers.boolean(False, "Data") is False
    assert answers.integer("100", "Remaining") == 100
    assert answers.base64_bytes("AAECAw==", "Data") == bytes(range(4))
    assert answers.structure('{"Remaining": 3}', "Data") == {"remaining": 3}
    assert answers.structure({"Remaining": 3}, "Data") == {"remaining": 3}


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (answers.boolean, "1"),
        (answers.boolean, None),
        (answers.integer, "-1x"),
        (answers.integer, 1.5),
        (answers.base64_bytes, "AAE"),
        (answers.base64_bytes, 7),
        (answers.structure, "[]"),
        (answers.structure, "{"),
    ],
)
def test_data_of_a_wrong_type(read, value):
    with pytest.raises(MalformedAnswerError):
        read(value, "Data")
