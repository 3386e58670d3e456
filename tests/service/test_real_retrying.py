"""What is tried again, and what never is."""

import pytest

from harness.service.errors import ServiceUnavailable
from harness.service.real.retrying import Backoff, RetryingWire

ACTS = ("Verify", "VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData", "OtpGetId2", "Activate")
GOOD = (200, b'{"Code": "200", "Success": "true", "Data": "AB"}')
BUSY = (200, b'{"Code": "54", "Success": "false"}')
BROKEN = (503, b"<html>")
THROTTLED = (400, b'{"Code": "Throttling.User", "Message": "slowly", "RequestId": "R"}')
WRONG = (400, b'{"Code": "SignatureDoesNotMatch", "Message": "no", "RequestId": "R"}')
UNKNOWN_ID = (200, b'{"Code": "18", "Success": "false"}')
GARBAGE = (200, b"hello")
LOST = ServiceUnavailable("lost")
UNSENT = ServiceUnavailable("unsent", sent=False)


class Scripted:
    endpoint = "https://h"

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.sent = 0
        self.closed = False

    def call(self, operation, parameters):
        self.sent += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self):
        self.closed = True


def tried(operation, *outcomes, attempts=3):
    """Return how often the call was sent, what came of it, how long the pauses were, and what was told."""
    wire = Scripted(*outcomes)
    pauses, told = [], []
    retrying = RetryingWire(wire, Backoff(attempts=attempts), sleep=pauses.append, on_retry=told.append)
    try:
        result = retrying.call(operation, {})
    except ServiceUnavailable as error:
        result = error
    return wire.sent, result, pauses, told


def test_what_is_wrapped_shows_through_and_is_closed_along():
    wire = Scripted()
    retrying = RetryingWire(wire)
    assert retrying.endpoint == "https://h"
    retrying.close()
    assert wire.closed


@pytest.mark.parametrize("trouble", [BUSY, BROKEN, THROTTLED, LOST, UNSENT], ids=str)
def test_a_challenge_is_asked_for_again(trouble):
    sent, result, pauses, told = tried("GetServerRandom", trouble, GOOD)
    assert (sent, result, len(pauses), len(told)) == (2, GOOD, 1, 1)
    assert "attempt 1 of 3" in told[0]


@pytest.mark.parametrize("operation", ACTS)
@pytest.mark.parametrize("trouble", [BUSY, BROKEN, THROTTLED, LOST], ids=str)
def test_what_may_have_taken_effect_is_sent_once(operation, trouble):
    sent, result, _, _ = tried(operation, trouble, GOOD)
    assert (sent, result) == (1, trouble)


@pytest.mark.parametrize("operation", ACTS)
def test_what_was_never_sent_is_sent(operation):
    assert tried(operation, UNSENT, UNSENT, GOOD)[:2] == (3, GOOD)


@pytest.mark.parametrize("answer", [WRONG, UNKNOWN_ID, GARBAGE, GOOD], ids=str)
def test_answers_that_stay_the_same_are_not_asked_again(answer):
    assert tried("GetServerRandom", answer)[:2] == (1, answer)


def test_it_ends():
    assert tried("GetServerRandom", *[BUSY] * 9)[:2] == (3, BUSY)
    assert tried("Verify", *[UNSENT] * 9)[:2] == (3, UNSENT)


def test_pauses_grow_and_differ():
    backoff = Backoff(first_s=1.0, longest_s=4.0)
    for attempt, bound in [(1, 1), (2, 2), (3, 4), (9, 4)]:
        pauses = [backoff.pause(attempt) for _ in range(200)]
        assert min(pauses) >= 0
        assert max(pauses) <= bound
        assert max(pauses) > bound / 2
        assert len(set(pauses)) > 150
