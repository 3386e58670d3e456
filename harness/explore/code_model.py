"""The model of auth codes in both directions, of device challenges, and of the codes of KPM."""

from typing import Any

from harness.explore.expected import Answer, equal_to
from harness.explore.state import BAD, EXCESS, GENERIC, UNSUPPORTED, Call, State
from harness.explore.steps import (
    AuthCodeCall,
    DeviceChallengeCall,
    KpmCodeCall,
    KpmStateCall,
    VerifyServerCall,
)
from harness.explore.values import data_of
from harness.id2 import authcode, codetext, devicechallenge, kpm, servercode
from harness.id2.errors import Id2Error

_RANDOM_MAX = codetext.RANDOM_MAX
_CHALLENGE_MAX = codetext.DEVICE_CHALLENGE_MAX
_LONG_ENOUGH = 16
"""Characters from which on a device challenge does not come again by chance."""

_CHANGED = ("changed", "changed-middle", "changed-end")
_OTHER_DIGITS = str.maketrans("0123456789ABCDEF", "123456789ABCDEF0")


def auth_code(state: State, step: AuthCodeCall) -> Call:
    """Return a call for a code of the device."""
    random = state.text(step.random)
    extra = None if step.extra is None else data_of(step.extra)
    of_time = step.step == "get_timestamp_auth_code"
    wrong = set() if 1 <= len(random) <= _RANDOM_MAX else {BAD}
    wrong |= wrong_extra(extra)

    def judge(value: Any) -> str:
        return code_problem(state, value, random, extra or b"", of_time=of_time)

    kind = 2 * bool(extra) + of_time
    expected = state.expect_of_key(f"a code of type {kind} over it", judge, wrong, *_weak(state), early=True)
    return Call(step.step, {"timestamp" if of_time else "challenge": random, "extra": extra}, expected)


def _weak(state: State) -> tuple[int, ...]:
    """Return the codes that calls with an asymmetric key may always give: defects k.1 and k.11 have scenarios."""
    return () if state.world.key_type.symmetric else (GENERIC, UNSUPPORTED)


def wrong_extra(extra: bytes | None) -> set[int]:
    """Return the codes for an extra that is none: empty when it is right."""
    return set() if extra is None or 1 <= len(extra) <= authcode.EXTRA_MAX else {EXCESS}


def code_problem(state: State, text: str, random: str, extra: bytes, *, of_time: bool) -> str:
    """Return what is wrong with a code of the device."""
    world = state.world
    of_time = of_time and not world.timestamps_as_challenges
    if authcode.is_hardened(text):
        return ""  # a form of its own, which no device was ever seen to give
    given = {"timestamp": random} if of_time else {"challenge": random}
    id2 = world.identity.id2 if world.identity.key is not None else None

    def problems(signed: bytes) -> tuple[authcode.Problem, ...]:
        return authcode.check(
            text, key_type=world.key_type, id2=id2, key=world.identity.key, extra=signed, **given
        )

    found = problems(extra)
    if found and b"\0" in extra and not problems(extra[: extra.index(0)].ljust(len(extra), b"\0")):
        world.findings.add("k.3")
        found = ()
    if found:
        return "; ".join(map(str, found))
    code = authcode.parse(text)
    if code.type.value != 2 * bool(extra) + of_time:
        return f"its type is {code.type.value}"
    if world.key_type.symmetric and (
        other := state.same("last block", world.identity.id2)(authcode.constant_tail(code, world.key_type))
    ):
        return f"its last block, which is the same in all codes of a device: {other}"
    return state.fresh("device random", code.device_random)


def device_challenge(state: State, step: DeviceChallengeCall) -> Call:
    """Return a call for a device challenge."""
    wrong = set() if step.length else {BAD}

    def judge(value: Any) -> str:
        if not state.world.strict and len(value) < step.length:
            return ""  # version 2 makes 16 characters at most
        problems = devicechallenge.check(value, step.length)
        if problems:
            return "; ".join(map(str, problems))
        return state.fresh("device challenge", value) if len(value) >= _LONG_ENOUGH else ""

    def learn(answer: Answer) -> None:
        if not answer.code and answer.value:
            state.challenge = answer.value

    words = f"{min(step.length, _CHALLENGE_MAX)} characters of upper-case hex"
    # The client of a module has none: SDK 3.1.0, the stub on the host.
    expected = state.expect(words, judge, wrong, UNSUPPORTED)
    return Call("get_device_challenge", {"length": step.length}, expected, learn)


def verify_server(state: State, step: VerifyServerCall) -> Call | None:
    """Return a call that hands a code of the service to the device; None when the key that makes it is not known."""
    random = state.text(step.random)
    extra = None if step.extra is None else data_of(step.extra)
    wrong = wrong_extra(extra)
    if not random:
        wrong.add(BAD)
    if len(random) > _CHALLENGE_MAX:
        wrong.add(EXCESS)
    code = "" if step.code == "empty" else _server_code(state, step, random, extra or b"")
    if code is None:
        return None
    if step.code == "empty":
        wrong |= {BAD, GENERIC}
    elif step.code != "right":
        wrong.add(GENERIC)
    expected = state.expect_of_key("done", equal_to(None), wrong)
    arguments = {"auth_code": code, "device_random": random, "server_extra": extra}
    return Call("verify_server", arguments, expected)


def _server_code(state: State, step: VerifyServerCall, random: str, extra: bytes) -> str | None:
    """Return the code that a step names; None when it cannot be made."""
    identity = state.world.identity
    id2, signed = identity.id2, extra[: authcode.EXTRA_MAX]
    if identity.key is None or not identity.key.key_type.symmetric or not id2:
        return None
    challenge = random if 1 <= len(random) <= _CHALLENGE_MAX else "7"
    if step.code == "other-challenge":
        challenge = challenge.translate(_OTHER_DIGITS) if set(challenge) & set("0123456789ABCDEF") else "0"
    if step.code == "other-challenge-end":
        challenge = servercode.with_other_end(challenge)
    if step.code == "other-device":
        id2 = id2.translate(_OTHER_DIGITS)
    if step.code == "other-extra":
        signed = b"" if signed else b"x"
    if step.code == "other-extra-end":
        signed = signed[:-1] + bytes((signed[-1] ^ 1,)) if signed else b"x"
    try:
        code = servercode.build(identity.key, id2, challenge, signed)
    except Id2Error:  # an ID or a challenge that the service makes no code for
        return None
    if step.code in _CHANGED:
        code = servercode.changed(code)[_CHANGED.index(step.code)]
    return code.text


def kpm_code(state: State, step: KpmCodeCall) -> Call:
    """Return a call for a code that asks for a business key."""
    random = state.text(step.random)
    wrong = set() if 1 <= len(random) <= _RANDOM_MAX else {BAD}
    if step.index == kpm.ID2_INDEX:
        wrong.add(UNSUPPORTED)
    # The header calls index 255 invalid and excludes 0 alone: SDK 3.1.0 gives a code for it, others refuse it.
    unnamed = () if step.index != kpm.INVALID_INDEX else (BAD, UNSUPPORTED, GENERIC)
    if wrong:
        wrong.update(unnamed)

    def judge(value: Any) -> str:
        if unnamed:
            return ""
        try:
            code = kpm.parse_code(value)
        except Id2Error as problem:
            return str(problem)
        if (code.index, code.info, code.id2) != (step.index, step.key_info, state.world.identity.id2):
            return f"it is for index {code.index}, {code.info.name}, {code.id2!a}"
        return code_problem(state, code.code.text, random, b"", of_time=step.timestamp)

    arguments = {
        "index": step.index,
        "info": step.key_info,
        "mode": int(step.timestamp),
        "random": random,
    }
    words = "a KPM code over it"
    expected = state.expect_of_key(words, judge, wrong, *unnamed, *_weak(state))
    return Call("kpm_get_auth_code", arguments, expected)


def kpm_state(state: State, step: KpmStateCall) -> Call:
    """Return a call that asks whether a business key is stored: no step stores one, so it does not change."""
    if step.index == kpm.ID2_INDEX:
        expected = state.expect("", equal_to(None), {UNSUPPORTED, BAD, GENERIC})
    else:
        judge = state.same("business key", state.world.identity.id2, step.index)
        # Where the part is a stub, or there is no ID² key to open the storage with, it says so by a code.
        expected = state.expect("the same as before", judge, set(), UNSUPPORTED, GENERIC, BAD, -9, -11)
    return Call("kpm_get_prov_stat", {"index": step.index}, expected)
