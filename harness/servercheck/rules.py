"""What a server between device and service did in one authentication, and what it must not do; pure.

A server is judged from outside: by the service's call log, by what it asked the device's link, and by whether it
took the device. How it is written, and what it speaks to its devices, does not matter.

Source: service.md 4, 5, 8.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from harness.secret import Secret
from harness.servercheck.authentication import (
    CHALLENGE_TYPES,
    SUCCESS,
    TIMESTAMP_TYPES,
    Authentication,
    ServerSetup,
    code_of,
    data_digests,
    digest,
    random_of,
)
from harness.service.mock.store.calls import IN_THE_URL
from harness.service.rpc import API_VERSION

ENOUGH_TRIES = 10
"""More tries than these in one authentication are no bounded retry any more."""

LEAST_PAUSE_MS = 50
"""A retry sooner than this after a busy answer is no pause: a call by itself takes some milliseconds."""

TIMESTAMP_WINDOW_MS = 10 * 60 * 1000
TIMESTAMP_DIGITS = 13
LEAST_KEY_LENGTH = 16

_BUSY = "54"
_CHALLENGE_REFUSED = "35"
_RIGHT_MISSING = "63"
_UNSETTLED = frozenset({_BUSY, "700"})
"""Codes after which the same code of the device may be verified once more."""

_SECRET_NAMES = frozenset(
    {"accesskeysecret", "accesssecret", "secretkey", "secret", "productsecret", "sessionkey"}
)


class Rule(StrEnum):
    """What can be found, each judged by itself."""

    CHALLENGE_FRESH = "challenge-fresh"
    CHALLENGE_PASSED_ON = "challenge-passed-on"
    PRODUCT = "product"
    DEVICE = "device"
    EXTRA = "extra"
    TIMESTAMP = "timestamp"
    SERVER_CODE = "server-code"
    SESSION_KEY = "session-key"
    SECRETS = "secrets"
    FORM = "form"
    RIGHTS = "rights"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; the text never repeats a secret."""

    rule: Rule
    text: str


def judge(
    one: Authentication, given: ServerSetup, earlier: Sequence[Authentication] = ()
) -> tuple[Finding, ...]:
    """Return everything that is wrong with an authentication of a genuine device.

    Args:
        one: The authentication.
        given: What the server was given.
        earlier: Authentications by the same server before it.
    """
    found = {
        Rule.CHALLENGE_FRESH: _challenge_fresh(one, earlier),
        Rule.CHALLENGE_PASSED_ON: _passed_on(one),
        Rule.PRODUCT: _product(one, given),
        Rule.DEVICE: _device(one),
        Rule.EXTRA: _extra(one),
        Rule.TIMESTAMP: _timestamp(one),
        Rule.SERVER_CODE: _server_code(one),
        Rule.SESSION_KEY: _session_key(one, earlier),
        Rule.SECRETS: _secrets(one, given),
        Rule.FORM: _form(one),
        Rule.RIGHTS: _rights(one, given),
    }
    return tuple(Finding(rule, text) for rule, texts in found.items() for text in dict.fromkeys(texts))


def retry_problems(one: Authentication) -> list[str]:
    """Return what is wrong with how a busy service (54) was asked again: too often, or without a pause."""
    busy = [call for call in one.verifications if call.code == _BUSY]
    found = _endless(one)
    gaps = [later.at_ms - sooner.at_ms for sooner, later in pairwise(busy)]
    if gaps and min(gaps) < LEAST_PAUSE_MS:
        found.append(
            f"asked again {min(gaps)} ms after a busy answer; a pause has {LEAST_PAUSE_MS} ms at least"
        )
    return found


def final_problems(one: Authentication, code: int) -> list[str]:
    """Return what is wrong with how a final refusal was taken: asked again, or the device accepted all the same."""
    refusals = sum(call.code == str(code) for call in one.calls)
    found = _endless(one)
    if not refusals:
        found.append(f"the service was never asked, so its refusal {code} was not heard")
    if refusals > 1:
        found.append(f"asked {refusals} times although {code} is final")
    if one.accepted:
        found.append(f"the device was accepted although the service refused it with {code}")
    return found


def lost_problems(one: Authentication) -> list[str]:
    """Return what is wrong when no answer to any verification comes through."""
    found = _endless(one)
    if one.accepted:
        found.append("the device was accepted although no answer of the service came")
    return found


def _endless(one: Authentication) -> list[str]:
    found = []
    tries = len(one.verifications)
    if tries > ENOUGH_TRIES:
        found.append(f"asked {tries} times in one authentication; {ENOUGH_TRIES} are enough")
    if not one.decided:
        found.append(f"the server did not decide: {one.detail}")
    return found


# ---- the rules
def _challenge_fresh(one: Authentication, earlier: Sequence[Authentication]) -> Iterable[str]:
    before = {challenge for past in earlier for challenge in _challenges(past)}
    settled: set[str] = set()
    challenges: list[str] = []
    fetched = 0
    for call in one.calls:
        if call.operation == "GetServerRandom" and call.code == SUCCESS:
            fetched += 1
        challenge = random_of(call, CHALLENGE_TYPES)
        if challenge is None:
            continue
        if challenge in before:
            yield "verifies a challenge of an earlier authentication"
        if challenge in settled:
            yield "verifies a challenge again that the service has judged already"
        if challenge not in challenges:
            challenges.append(challenge)
        if len(challenges) > fetched:
            yield "verifies a challenge that was not fetched by GetServerRandom in this authentication"
        if call.code == _CHALLENGE_REFUSED:
            yield "verifies a challenge that the service did not issue for this device, or that was used (35)"
        if call.code.isdigit() and call.code not in _UNSETTLED:
            settled.add(challenge)


def _challenges(one: Authentication) -> set[str]:
    verified = {random_of(call, CHALLENGE_TYPES) for call in one.verifications}
    sent = {request.fields.get("challenge") for request in one.requests("/challenge-code")}
    return {challenge for challenge in verified | sent if challenge}


def _passed_on(one: Authentication) -> Iterable[str]:
    given = {request.answer["code"]: request for request in one.asked if "code" in request.answer}
    sent = {request.fields.get("challenge") for request in one.requests("/challenge-code")}
    for call in one.verifications:
        code = code_of(call)
        challenge = random_of(call, CHALLENGE_TYPES)
        if challenge is not None and challenge not in sent:
            yield "verifies another challenge than was sent to the device"
        elif code not in given:
            yield "verifies a code that the device did not give in this authentication"
    if given and not {code_of(call) for call in one.verifications} & given.keys():
        yield "the device's code is not verified with the service"
    if one.accepted and not one.successes:
        yield "the device is accepted although the service verified nothing"


def _product(one: Authentication, given: ServerSetup) -> Iterable[str]:
    for call in one.verifications:
        if call.parameters.get("ProductKey") != given.product_key:
            yield f"{call.operation} names another ProductKey than the server's product"


def _device(one: Authentication) -> Iterable[str]:
    for call in one.calls:
        if "Id2" in call.parameters and call.parameters["Id2"] != one.id2:
            yield f"{call.operation} names another Id2 than the device that is to be authenticated"


def _extra(one: Authentication) -> Iterable[str]:
    signed = {
        request.answer["code"]: request.fields.get("extra", "")
        for request in one.asked
        if "code" in request.answer
    }
    for call in one.verifications:
        code = code_of(call)
        passed = call.parameters.get("Extra", call.parameters.get("DeviceExtra", ""))
        if code in signed and signed[code] != passed:
            if not passed:
                yield f"the device signs an extra that {call.operation} does not pass on"
            elif not signed[code]:
                yield f"{call.operation} passes an extra that the device was not given"
            else:
                yield f"{call.operation} passes another extra than the device signs"


def _timestamp(one: Authentication) -> Iterable[str]:
    for call in one.verifications:
        stamp = random_of(call, TIMESTAMP_TYPES)
        if stamp is None:
            continue
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) == TIMESTAMP_DIGITS):
            yield f"the time that the device signs has {len(stamp)} characters; milliseconds have {TIMESTAMP_DIGITS}"
        elif abs(int(stamp) - call.at_ms) > TIMESTAMP_WINDOW_MS:
            yield "the time that the device signs is more than ten minutes off"


def _server_code(one: Authentication) -> Iterable[str]:
    made = {request.answer.get("challenge") for request in one.requests("/device-challenge")}
    checked = {
        (request.fields.get("challenge", ""), request.fields.get("extra", "")): request
        for request in one.requests("/verify-server")
    }
    for call in one.successes:
        challenge = call.parameters.get("DeviceChallenge")
        if challenge is None:
            continue
        if challenge not in made:
            yield "the service is given another challenge than the device made"
        if (challenge, call.parameters.get("ServerExtra", "")) not in checked:
            yield "the service's code is not passed on to the device with its challenge and extra"
    if one.accepted and any(not request.accepted for request in checked.values()):
        yield "the session goes on although the device refused the server"


def _session_key(one: Authentication, earlier: Sequence[Authentication]) -> Iterable[str]:
    before = {key for past in earlier for key in data_digests(past)}
    opened = {digest(request.plain): request.plain for request in one.asked if request.plain is not None}
    old = [request.plain for past in earlier for request in past.asked if request.plain is not None]
    for call in one.successes:
        key = call.parameters.get("Data")
        if key is None:
            continue
        if key in before:
            yield "the session key of an earlier authentication is used again"
            continue
        plain = opened.get(key)
        if plain is None:
            yield "the session key does not reach the device"
        elif len(plain.reveal()) < LEAST_KEY_LENGTH:
            yield f"the session key is shorter than {LEAST_KEY_LENGTH} bytes"
        elif any(_alike(plain, other) for other in old):
            yield "the session key is nearly that of an earlier authentication: it is counted, not drawn at random"


def _alike(left: Secret, right: Secret) -> bool:
    pairs = list(zip(left.reveal(), right.reveal(), strict=False))
    return sum(one == other for one, other in pairs) * 2 > len(pairs)


def _secrets(one: Authentication, given: ServerSetup) -> Iterable[str]:
    keys = data_digests(one)
    for call in one.calls:
        by_get = call.method == "GET" and "Data" in call.parameters
        if by_get or "Data" in call.parameters.get(IN_THE_URL, ""):
            yield f"{call.operation} has the session key in its URL; use POST with a form"
        for name, value in call.parameters.items():
            if name.lower() in _SECRET_NAMES:
                yield f"{call.operation} has a parameter that is a secret by its name"
            if name != "Data" and digest(Secret(value)) in keys:
                yield f"{call.operation} has the session key in another parameter than Data"
            yield from (
                f"{call.operation} has the {of} in a parameter" for of in _known(value, given.secrets)
            )
    opened = [("session key", request.plain) for request in one.asked if request.plain is not None]
    for request in one.asked:
        query = [value for _, value in parse_qsl(urlsplit(request.target).query)]
        if any(digest(Secret(value)) in keys for value in query):
            yield f"the URL of {request.path} has the session key in it"
        for of in _known(unquote_plus(request.target), (*given.secrets, *opened)):
            yield f"the URL of {request.path} has the {of} in it"
        for value in request.fields.values():
            if digest(Secret(value)) in keys:
                yield f"{request.path} sends the session key to the device in the clear"
            for of in _known(value, (*given.secrets, *opened)):
                yield f"{request.path} sends the {of} to the device in the clear"


def _known(text: str, secrets: Iterable[tuple[str, Secret]]) -> list[str]:
    raw = text.encode(errors="replace")
    return [name for name, secret in secrets if len(secret.reveal()) > 5 and secret.reveal() in raw]


def _form(one: Authentication) -> Iterable[str]:
    for call in one.calls:
        version = call.parameters.get("ApiVersion")
        if version != API_VERSION:
            yield f"{call.operation} says ApiVersion {version!r}, not {API_VERSION}"
        elif not call.code.isdigit() and not call.fault:
            yield f"{call.operation or 'a call'} was stopped at the gateway: {call.code}"


def _rights(one: Authentication, given: ServerSetup) -> Iterable[str]:
    for call in one.calls:
        if call.access_key_id != given.access_key_id:
            yield f"{call.operation} is made with another AccessKey than the server was given"
        if call.code == _RIGHT_MISSING:
            yield f"{call.operation} needs more rights than AliyunIOTIDVerifyAccess"
