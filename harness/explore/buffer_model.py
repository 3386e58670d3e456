"""The model of buffers that are too short: the function refuses and leaves everything as it was.

Between what an answer needs and what the SDK asks for (48 bytes for an ID, 256 for a code) both are right.
Source: device-protocol.md a.2, a.4, k.5.
"""

from dataclasses import replace

from harness.explore.expected import Expected
from harness.explore.state import BAD, CHALLENGE, SHORT, Call, State
from harness.explore.steps import (
    AuthCodeCall,
    DecryptCall,
    IntoBufferCall,
    PlainCall,
    PowerCutCall,
    SecretCall,
    Step,
)
from harness.explore.values import Counted
from harness.id2 import authcode

_SECRET = 64
_PLAIN = 20


def inner(step: IntoBufferCall | PowerCutCall) -> Step:
    """Return the call that a step makes, with its plain arguments."""
    match step.function:
        case "get_id":
            return PlainCall(step="get_id")
        case "get_challenge_auth_code":
            return AuthCodeCall(step="get_challenge_auth_code", random=CHALLENGE)
        case "get_secret":
            return SecretCall(step="get_secret", seed="appKey")
        case "decrypt":
            return DecryptCall(step="decrypt", plain=Counted(bytes=_PLAIN))


def into_buffer(state: State, step: IntoBufferCall, call: Call) -> Call:
    """Return the call with its buffer.

    Args:
        state: The state of the device.
        step: The step.
        call: The same call into a buffer that is long enough.
    """
    needed = {
        "get_id": len(state.world.identity.id2),
        "get_challenge_auth_code": authcode.code_length(state.world.key_type, len(CHALLENGE)),
        "get_secret": _SECRET,
        "decrypt": _PLAIN,
    }[step.function]
    inside = call.expected
    codes = None if inside.codes is None else inside.codes | {SHORT, BAD}
    expected = Expected(f"{inside.words}, or -3", inside.value, codes)
    if step.size < needed:
        expected = Expected("-3: the buffer is too short", None, codes)
    return replace(call, expected=expected, size=step.size)
