"""What ID² says of each step: an executable model with a few lines of state.

Where the sources do not say, or versions of the SDK differ, a step may have any of several outcomes: nothing is held
against a board that ID² does not say. What is computed rests on `harness.id2` alone.
Source: device-protocol.md a.1 to a.4, b, c.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.explore import buffer_model, code_model, key_model, otp_model, service_model, start_model
from harness.explore.state import Call, State
from harness.explore.steps import (
    AuthCodeCall,
    BoardEvent,
    DecryptCall,
    DeriveKeyCall,
    DeviceChallengeCall,
    EncryptCall,
    IntoBufferCall,
    KpmCodeCall,
    KpmStateCall,
    OtpCodeCall,
    OtpLoadCall,
    PasswordCall,
    PasswordIndexCall,
    PlainCall,
    PowerCutCall,
    SecretCall,
    ServiceCall,
    Step,
    VerifyServerCall,
)
from harness.explore.world import Identity, World

_MODELS: dict[type, Callable[[State, Any], Call | None]] = {
    PlainCall: start_model.plain_call,
    BoardEvent: start_model.board_event,
    AuthCodeCall: code_model.auth_code,
    DeviceChallengeCall: code_model.device_challenge,
    VerifyServerCall: code_model.verify_server,
    KpmCodeCall: code_model.kpm_code,
    KpmStateCall: code_model.kpm_state,
    DecryptCall: key_model.decrypt,
    EncryptCall: key_model.encrypt,
    SecretCall: key_model.get_secret,
    DeriveKeyCall: key_model.derive_key,
    PasswordCall: key_model.password,
    PasswordIndexCall: key_model.password_index,
    OtpCodeCall: otp_model.otp_code,
    ServiceCall: service_model.service,
}


class Model:
    """The model of one sequence, from its first step on: no init is open.

    Args:
        world: What is known of the device; its identity changes when the device is given another one.
        original: The identity that the device had at the very beginning.
    """

    def __init__(self, world: World, original: Identity) -> None:
        self._state = State(world)
        self._original = original

    @property
    def most_inits(self) -> int:
        """How many inits can be open."""
        return self._state.most

    def restarted(self) -> None:
        """Take a start of the board that no step asked for."""
        self._state.started()

    def call(self, step: Step) -> Call | None:
        """Return what a step is now, and what may come of it; None when it cannot be built for this device."""
        if isinstance(step, IntoBufferCall):
            call = self.call(buffer_model.inner(step))
            return None if call is None else buffer_model.into_buffer(self._state, step, call)
        if isinstance(step, PowerCutCall):
            call = self.call(buffer_model.inner(step))
            started = lambda _: self._state.started()  # noqa: E731 - what every start does
            return None if call is None else replace(call, cut_after_ms=step.after_ms, learn=started)
        if isinstance(step, OtpLoadCall):
            return otp_model.otp_load(self._state, step, self._original)
        return _MODELS[type(step)](self._state, step)
