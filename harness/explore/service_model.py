"""The model of an authentication at the mock service: whatever the far end refuses, the device's code is right.

Source: service.md 4.4, 5 A, 5 B.
"""

from typing import Any

from harness.errors import ToolError
from harness.explore.code_model import code_problem, wrong_extra
from harness.explore.far_end import Authentication
from harness.explore.state import Call, State
from harness.explore.steps import ServiceCall
from harness.id2.codes import ServiceCode

_FIRST = {
    "active": {ServiceCode.SUCCESS},
    "suspended": {ServiceCode.SUSPENDED},
    "discarded": {ServiceCode.DISCARDED},
    "other-product": set(ServiceCode) - {ServiceCode.SUCCESS},
}
_AGAIN = {ServiceCode.TIMESTAMP_REPEATED, ServiceCode.CHALLENGE}


def service(state: State, step: ServiceCall) -> Call | None:
    """Return an authentication; None when the service cannot know the device's key."""
    identity = state.world.identity
    if identity.key is None or not identity.key.key_type.symmetric:
        return None
    text = None if step.extra is None else state.text(step.extra)
    extra = None if text is None else text.encode()

    def judge(value: Any) -> str:
        assert isinstance(value, Authentication)
        problem = code_problem(state, value.code, value.random, extra or b"", of_time=step.timestamp)
        # Over a code of the wrong type the far end answers what it must, which is known defect k.10.
        if not problem and not (step.timestamp and state.world.timestamps_as_challenges):
            _check_far_end(step, value.outcomes)
        return problem

    words = "a code that the service has no reason to call wrong"
    arguments = {"at_service": step.state, "timestamp": step.timestamp, "extra": text, "again": step.again}
    return Call("service", arguments, state.expect_of_key(words, judge, wrong_extra(extra), early=True))


def _check_far_end(step: ServiceCall, outcomes: tuple[int, ...]) -> None:
    """See that the far end did what it was told to do.

    Raises:
        ToolError: It answered a right code in another way: that is no fault of the device.
    """
    wanted = [_FIRST[step.state], *([_AGAIN | _FIRST[step.state]] if step.again else [])]
    if len(outcomes) != len(wanted) or any(
        one not in each for one, each in zip(outcomes, wanted, strict=True)
    ):
        raise ToolError(
            f"the mock service answered {outcomes} to a right code of a device that is {step.state}"
        )
