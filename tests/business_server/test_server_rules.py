"""The judge of a server, on records made by hand: each rule finds its mistake, and nothing in a good record."""

import hashlib
from dataclasses import replace

import pytest

from harness.secret import Secret
from harness.servercheck.authentication import Authentication, DeviceRequest, ServerSetup
from harness.servercheck.rules import Rule, final_problems, judge, lost_problems, retry_problems
from harness.service.mock.store.calls import IN_THE_URL, CallRecord

ID2 = "2122232425262728292A2B2C"
PRODUCT = "a1TESTabcde"
GIVEN = ServerSetup(PRODUCT, "KEYID", (("AccessKey secret", Secret("very-secret-key")),))
NOW_MS = 1_700_000_000_000


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def call(operation: str, code: str | int = 200, at_ms: int = NOW_MS, **parameters: str) -> CallRecord:
    given = {"ApiVersion": "1.1.2", "Id2": ID2, **parameters}
    return CallRecord(at_ms, "R", "POST", operation, "KEYID", 200, str(code), given)


def code_over(challenge: str, kind: int = 2) -> str:
    return f"{kind}~2~ABABABABABABABAB~{challenge}~c2lnbg=="


def good(challenge: str = "C1", key: str = "0123456789abcdef0123456789abcdef") -> Authentication:
    """An authentication with challenge, extra, session key and the device's own check, all right."""
    code = code_over(challenge)
    return Authentication(
        ID2,
        (
            call("GetServerRandom"),
            call(
                "GetServerAuthCodeAndEncryptData",
                ProductKey=PRODUCT,
                DeviceAuthCode=code,
                DeviceExtra="e",
                DeviceChallenge="DC",
                ServerExtra="s",
                Data=digest(key),
            ),
        ),
        (
            DeviceRequest("/device-challenge", "/device-challenge", {}, {"challenge": "DC"}),
            DeviceRequest(
                "/challenge-code", "/challenge-code", {"challenge": challenge, "extra": "e"}, {"code": code}
            ),
            DeviceRequest("/verify-server", "/verify-server", {"code": "x", "challenge": "DC", "extra": "s"}),
            DeviceRequest("/decrypt", "/decrypt", {"cipher": "AA=="}, plain=Secret(key)),
        ),
        accepted=True,
    )


def with_call(one: Authentication, **changes: str | None) -> Authentication:
    """The same authentication with parameters of its verification changed, or left out with None."""
    first, second = one.calls
    merged = {name: value for name, value in {**second.parameters, **changes}.items() if value is not None}
    return replace(one, calls=(first, replace(second, parameters=merged)))


def rules(one: Authentication, *earlier: Authentication) -> set[Rule]:
    return {finding.rule for finding in judge(one, GIVEN, earlier)}


def test_nothing_is_found_in_good_records():
    assert judge(good(), GIVEN) == ()
    assert judge(good("C2", "fedcba9876543210aaaaaaaa55555555"), GIVEN, (good(),)) == ()


def test_a_busy_answer_may_be_followed_by_the_same_code():
    one = good()
    busy = replace(one.calls[1], code="54")
    assert judge(replace(one, calls=(one.calls[0], busy, busy, one.calls[1])), GIVEN) == ()


@pytest.mark.parametrize(
    ("broken", "earlier", "rule"),
    [
        (replace(good(), calls=good().calls[1:]), (), Rule.CHALLENGE_FRESH),
        (replace(good(), calls=(*good().calls, good().calls[1])), (), Rule.CHALLENGE_FRESH),
        (good("C1", "f" * 8 + "0" * 8 + "1" * 16), (good(),), Rule.CHALLENGE_FRESH),
        (with_call(good(), DeviceAuthCode=code_over("C9")), (), Rule.CHALLENGE_PASSED_ON),
        (replace(good(), calls=()), (), Rule.CHALLENGE_PASSED_ON),
        (with_call(good(), ProductKey="a1other"), (), Rule.PRODUCT),
        (with_call(good(), Id2="0" * 24), (), Rule.DEVICE),
        (with_call(good(), DeviceExtra=None), (), Rule.EXTRA),
        (with_call(good(), DeviceExtra="E"), (), Rule.EXTRA),
        (with_call(good(), DeviceChallenge="other"), (), Rule.SERVER_CODE),
        (with_call(good(), ServerExtra="other"), (), Rule.SERVER_CODE),
        (replace(good(), asked=good().asked[:2] + good().asked[3:]), (), Rule.SERVER_CODE),
        (replace(good(), asked=good().asked[:3]), (), Rule.SESSION_KEY),
        (good("C2"), (good(),), Rule.SESSION_KEY),
        (good("C2", "short"), (), Rule.SESSION_KEY),
        (good("C2", "0123456789abcdef0123456789abcdee"), (good(),), Rule.SESSION_KEY),
        (with_call(good(), Trace="is very-secret-key"), (), Rule.SECRETS),
        (with_call(good(), AccessKeySecret="other"), (), Rule.SECRETS),
        (with_call(good(), Trace="0123456789abcdef0123456789abcdef"), (), Rule.SECRETS),
        (with_call(good(), **{IN_THE_URL: "Data"}), (), Rule.SECRETS),
        (with_call(good(), ApiVersion="1.0.0"), (), Rule.FORM),
        (with_call(good(), ApiVersion=None), (), Rule.FORM),
    ],
)  # fmt: skip
def test_each_rule_finds_its_mistake(broken, earlier, rule):
    assert rule in rules(broken, *earlier)


@pytest.mark.parametrize(
    "target", ["/id?key=0123456789abcdef0123456789abcdef", "/id?a=very%2Dsecret-key", "/id/very-secret-key"]
)
def test_secrets_in_the_url_of_the_link(target):
    one = good()
    asked = (*one.asked, DeviceRequest("/id", target, {}, {"id": ID2}))
    found = judge(replace(one, asked=asked), GIVEN)
    assert {finding.rule for finding in found} == {Rule.SECRETS}
    assert not any("0123456789abcdef" in finding.text or "very-secret" in finding.text for finding in found)


@pytest.mark.parametrize(
    ("stamp", "fits"), [(str(NOW_MS), True), (str(NOW_MS // 1000), False), (str(NOW_MS + 601_000), False)]
)
def test_timestamps(stamp, fits):
    code = code_over(stamp, kind=1)
    one = Authentication(
        ID2,
        (call("Verify", ProductKey=PRODUCT, AuthCode=code),),
        (DeviceRequest("/timestamp-code", "/timestamp-code", {"timestamp": stamp}, {"code": code}),),
        accepted=True,
    )
    assert rules(one) == (set() if fits else {Rule.TIMESTAMP})


def test_other_access_key_and_missing_right():
    one = good()
    assert rules(replace(one, calls=tuple(replace(each, access_key_id="OTHER") for each in one.calls))) == {
        Rule.RIGHTS
    }
    assert Rule.RIGHTS in rules(replace(one, calls=(one.calls[0], replace(one.calls[1], code="63"))))


def test_gateway_refusal_is_a_matter_of_form_unless_a_fault_made_it():
    one = good()
    stopped = replace(one.calls[0], code="SignatureDoesNotMatch")
    assert Rule.FORM in rules(replace(one, calls=(stopped, one.calls[1])))
    assert Rule.FORM not in rules(replace(one, calls=(replace(stopped, fault="http-500"), one.calls[1])))


def busy(*times_ms: int, decided: bool = True) -> Authentication:
    return Authentication(
        ID2, tuple(call("Verify", 54, NOW_MS + at) for at in times_ms), (), accepted=False, decided=decided
    )


@pytest.mark.parametrize(
    ("one", "problems"),
    [
        (busy(0, 100, 300), 0),
        (busy(0), 0),
        (busy(0, 10), 1),
        (busy(*range(0, 1100, 100)), 1),
        (busy(0, 100, decided=False), 1),
    ],
)
def test_busy_service(one, problems):
    assert len(retry_problems(one)) == problems


def test_final_refusals():
    refused = Authentication(ID2, (call("Verify", 16),), (), accepted=False)
    assert final_problems(refused, 16) == []
    assert final_problems(replace(refused, accepted=True), 16)
    assert final_problems(replace(refused, calls=refused.calls * 2), 16)
    assert final_problems(replace(refused, calls=()), 16)


def test_lost_answers():
    lost = Authentication(ID2, (call("Verify", "drop"),), (), accepted=False)
    assert lost_problems(lost) == []
    assert lost_problems(replace(lost, accepted=True))
