"""The model of starts and ends, of version and ID, and of what happens to the board between calls."""

from typing import Any

from harness.explore.expected import ANYTHING, Answer, Expected, equal_to, giving, refusal
from harness.explore.state import GENERIC, NO_ID, UNIMPLEMENTED, UNSUPPORTED, Call, State
from harness.explore.steps import BoardEvent, PlainCall

_DONE = giving("done", equal_to(None))


def plain_call(state: State, step: PlainCall) -> Call:
    """Return a call without arguments."""
    return {
        "init": _init,
        "cleanup": _cleanup,
        "get_version": _get_version,
        "get_id": _get_id,
        "get_prov_stat": _get_prov_stat,
    }[step.step](state)


def board_event(state: State, step: BoardEvent) -> Call:
    """Return what happens to the board: afterwards no init is open, and its identity is what it was."""
    return Call(step.step, {}, _DONE, lambda _: state.started())


def _init(state: State) -> Call:
    def learn(answer: Answer) -> None:
        if not answer.code:
            state.opened()

    return Call("init", {}, _DONE, learn)


def _cleanup(state: State) -> Call:
    return Call("cleanup", {}, _DONE, lambda _: state.closed())


def _get_version(state: State) -> Call:
    version = state.world.version
    wanted = giving(f"0x{version:08X}", equal_to(version), *(() if state.fewest else (GENERIC,)))
    if not state.most:
        # A client that answers here does no harm, and only one version was ever seen to refuse.
        wanted = refusal(GENERIC) if state.world.counted else ANYTHING
    return Call("get_version", {}, wanted)


def _get_id(state: State) -> Call:
    id2 = state.world.identity.id2
    if state.most and not id2:
        return Call("get_id", {}, refusal(NO_ID, *(() if state.fewest else (GENERIC,))))
    return Call("get_id", {}, state.expect(id2, equal_to(id2), set(), early=True))


def _get_prov_stat(state: State) -> Call:
    provisioned = bool(state.world.identity.id2)

    def judge(value: Any) -> str:
        return "" if value is provisioned else f"the device has {'an' if provisioned else 'no'} ID"

    expected: Expected = state.expect(
        str(provisioned), judge, set(), *(() if state.world.strict else (UNSUPPORTED, UNIMPLEMENTED))
    )
    return Call("get_prov_stat", {}, expected)
