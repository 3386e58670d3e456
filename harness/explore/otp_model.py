"""The model of field provisioning: codes that ask for an identity, and what the device makes of the answers."""

from typing import Any

from harness.explore import provisioning
from harness.explore.expected import Answer, Expected
from harness.explore.state import Call, State
from harness.explore.steps import OtpCodeCall, OtpLoadCall
from harness.explore.world import Identity
from harness.id2 import otp
from harness.id2.errors import Id2Error

_NEVER = Expected("a refusal", None, None)


def otp_code(state: State, step: OtpCodeCall) -> Call | None:
    """Return a call for an OTP code; None for a key type without one.

    A device may refuse it for reasons of its own, such as too many attempts.
    """
    text = provisioning.token_text(step, state.world.key_type)
    call = {"token": text.encode()}
    if not state.most or step.which in {"short", "unknown-type"}:
        return Call("get_otp_auth_code", call, _NEVER, hidden=("token",))
    try:
        token = otp.parse_token(text)
    except Id2Error:  # a key type that no token names
        return None

    def opened(value: Any) -> otp.DeviceReport:
        return otp.open_device_code(token, otp.parse_device_code(value))

    def judge(value: Any) -> str:
        try:
            report = opened(value)
        except Id2Error as problem:
            return str(problem)
        return state.fresh("session key", report.session_key.reveal().hex()) or state.same("device id")(
            report.fingerprint
        )

    def learn(answer: Answer) -> None:
        if not answer.code:
            state.session_key = opened(answer.value).session_key.reveal()

    expected = Expected("a code that the token opens, or a refusal", judge, None)
    return Call("get_otp_auth_code", call, expected, learn, secret=True, hidden=("token",))


def otp_load(state: State, step: OtpLoadCall, original: Identity) -> Call | None:
    """Return a call that gives the device an identity; None when there is nothing to give."""
    if state.world.key_type.family not in provisioning.LOADABLE:
        return None
    identity = original
    if step.identity != provisioning.ORIGINAL:
        identity = provisioning.made_up(step.identity, state.world.key_type)
    if identity.key is None or not identity.id2:
        return None
    session = state.session_key or bytes(16)
    data = {"data": provisioning.answer_to(step, session, identity)}
    if not state.most or step.data != "right":
        return Call("load_otp_data", data, _NEVER, hidden=("data",))

    def learn(answer: Answer) -> None:
        if not answer.code:
            state.world.identity = identity

    expected = Expected("done, or a refusal", lambda _: "", None)
    return Call("load_otp_data", data, expected, learn, hidden=("data",))
