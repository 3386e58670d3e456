"""The model, held to a sound client, to clients of other versions, and to each fault by its shortest sequence."""

import pytest

from harness.errors import ToolError
from harness.explore.driver import Driver
from harness.explore.expected import Answer
from harness.explore.explorer import Limits
from harness.explore.far_end import Authentication
from harness.explore.model import Model
from harness.explore.sequence import numbered, parsed
from harness.explore.state import State
from harness.explore.steps import Event
from harness.explore.world import Identity, World
from harness.id2.keys import KeyType
from tests.explore import sequences, stand_in


def run(board, steps, **changes):
    return Driver(board, stand_in.world(board, **changes)).run(steps)


@pytest.mark.parametrize("fault", stand_in.FAULTS)
def test_shortest_sequence_of_each_fault_contradicts_and_no_shorter_one_does(fault):
    steps = sequences.steps(fault)
    taken = run(stand_in.Board(fault), steps)
    assert [bool(one.problem) for one in taken] == [False] * (len(steps) - 1) + [True]
    for gone in range(len(steps) - 1):
        shorter = run(stand_in.Board(fault), steps[:gone] + steps[gone + 1 :])
        assert not any(one.problem for one in shorter) or fault in {"code-after-cleanup", "state-after-otp"}


@pytest.mark.parametrize("fault", stand_in.FAULTS)
def test_sound_client_passes_every_shortest_sequence(fault):
    taken = run(stand_in.Board(), sequences.steps(fault))
    assert [one.problem for one in taken] == [""] * len(sequences.SHORTEST[fault])


def expected(step, *before, **changes):
    board = stand_in.Board()
    world = stand_in.world(board, **changes)
    model = Model(world, world.identity)
    for earlier in parsed(before, "before"):
        model.call(earlier).learn(Answer())
    (made,) = parsed([step], "step")
    return model.call(made).expected


REFUSED = [
    ({"step": "get_challenge_auth_code", "random": ""}, {-2}),
    ({"step": "get_challenge_auth_code", "random": {"repeat": "7", "times": 33}}, {-2}),
    ({"step": "get_timestamp_auth_code", "random": "1", "extra": {"hex": ""}}, {-4}),
    ({"step": "get_timestamp_auth_code", "random": "1", "extra": {"hex": "5A", "times": 513}}, {-4}),
    ({"step": "get_timestamp_auth_code", "random": "", "extra": {"hex": ""}}, {-2, -4}),
    ({"step": "decrypt", "plain": {"bytes": 0}, "padding": "raw"}, {-2}),
    ({"step": "decrypt", "plain": {"bytes": 15}, "padding": "raw"}, {-2}),
    ({"step": "decrypt", "plain": {"bytes": 1040}, "padding": "raw"}, {-4}),
    ({"step": "decrypt", "plain": {"bytes": 20}, "padding": "above"}, {-1}),
    ({"step": "decrypt", "plain": {"bytes": 20}, "padding": "mixed"}, {-1}),
    ({"step": "encrypt", "plain": {"bytes": 0}}, {-2}),
    ({"step": "encrypt", "plain": {"bytes": 1}, "seed": {"repeat": "s", "times": 129}}, {-4}),
    ({"step": "get_device_challenge", "length": 0}, {-2}),
    ({"step": "get_secret", "seed": ""}, {-2}),
    ({"step": "derive_key", "seed": "", "length": 33}, {-2}),
    ({"step": "verify_server", "random": "1", "code": "other-device"}, {-1}),
    ({"step": "verify_server", "random": "1", "code": "changed-middle"}, {-1}),
    ({"step": "verify_server", "random": "1", "extra": {"bytes": 512}, "code": "other-extra-end"}, {-1}),
    ({"step": "kpm_get_auth_code", "index": 0, "random": "1"}, {-8}),
]


@pytest.mark.parametrize(
    "step",
    [{"step": "encrypt", "plain": {"bytes": 1}}, {"step": "derive_key", "length": 16}],
)
def test_an_empty_seed_may_be_refused_and_another_may_not(step):
    refused = Answer(code=-2)
    assert not expected(step | {"seed": ""}, sequences.INIT).contradiction(refused)
    assert expected(step | {"seed": "a"}, sequences.INIT).contradiction(refused) == "refused with -2"
    assert expected(step | {"seed": ""}, sequences.INIT).contradiction(Answer(value=b"\0" * 16))


@pytest.mark.parametrize("step", ["kpm_get_auth_code", "kpm_get_prov_stat"])
def test_key_index_that_a_header_calls_invalid_may_be_taken_and_may_be_refused(step):
    asked = {"step": step, "index": 255} | ({"random": "1"} if step == "kpm_get_auth_code" else {})
    wanted = expected(asked, sequences.INIT)
    for answer in (Answer(value="SwH/"), *(Answer(code=code) for code in (-1, -2, -8))):
        assert not wanted.contradiction(answer)
    assert wanted.contradiction(Answer(code=-5)) == "refused with -5"
    if "random" in asked:
        too_long = expected(asked | {"random": "F" * 33}, sequences.INIT)
        assert not any(too_long.contradiction(Answer(code=code)) for code in (-1, -2, -8))
    assert expected(asked).contradiction(Answer(value="SwH/")) == "accepted"


@pytest.mark.parametrize(("step", "codes"), REFUSED)
def test_wrong_arguments_are_refused_with_their_codes_alone(step, codes):
    wanted = expected(step, sequences.INIT)
    assert (wanted.value, wanted.codes) == (None, frozenset(codes))
    assert wanted.contradiction(Answer(code=-5)) == "refused with -5"
    assert wanted.contradiction(Answer(value="x")) == "accepted"


@pytest.mark.parametrize(("step", "codes"), REFUSED)
def test_before_init_a_call_may_be_refused_for_either_reason_and_never_accepted(step, codes):
    wanted = expected(step)
    assert (wanted.value, wanted.codes) == (None, frozenset({-1, *codes}))


@pytest.mark.parametrize(("step", "codes"), REFUSED[:-1])
def test_a_client_whose_limits_no_source_gives_is_not_held_to_them(step, codes):
    del codes
    wanted = expected(step, sequences.INIT, version=0x00020000)
    assert not wanted.contradiction(Answer(code=-5))


def test_inits_are_counted_from_version_3_1_on():
    twice = (sequences.INIT, sequences.INIT, sequences.CLEANUP)
    step = {"step": "get_id"}
    assert expected(step, *twice).contradiction(Answer(code=-1)) == "refused with -1"
    assert expected(step, *twice, sequences.CLEANUP).contradiction(Answer(value=stand_in.ID)) == "accepted"
    for answer in (Answer(code=-1), Answer(value=stand_in.ID)):
        assert not expected(step, *twice, version=0x00030000).contradiction(answer)


def test_device_without_an_id():
    none = Identity("", None)
    assert not expected({"step": "get_id"}, sequences.INIT, identity=none).contradiction(Answer(code=-11))
    assert expected({"step": "get_id"}, sequences.INIT, identity=none).contradiction(Answer(code=-1))
    assert expected({"step": "get_prov_stat"}, sequences.INIT, identity=none).contradiction(
        Answer(value=True)
    )
    assert expected(sequences.CHALLENGE, sequences.INIT, identity=none).contradiction(Answer(value="0~2~"))


@pytest.mark.parametrize("version", [0x00030100, 0x00030000, 0x00020000])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("events", [stand_in.Board.events, frozenset()])
def test_sound_client_is_never_contradicted(version, known, events):
    board = stand_in.Board(events=events, version=version)
    changes = {} if known else {"identity": Identity(stand_in.ID, None)}
    outcome = stand_in.explorer(board, seed=5, **changes).run(Limits(60, 600))
    assert (outcome.found, outcome.once, outcome.steps >= 600) == (None, [], True)


def test_defects_that_have_scenarios_of_their_own_are_found_and_let_pass():
    class LikeSdk(stand_in.Client):
        def decrypt(self, cipher):
            plain = stand_in.ciphers.ecb_decrypt(self.key, cipher)
            return plain if plain[-1] == 0 else super().decrypt(cipher)

        def code(self, function, random, extra, *, of_time):
            cut = extra and b"\0" in extra and extra[: extra.index(0)].ljust(len(extra), b"\0")
            return super().code(function, random, cut or extra, of_time=of_time)

    board = stand_in.Board(events=frozenset())
    board.client = LikeSdk(board)
    world = stand_in.world(board)
    steps = [
        sequences.INIT,
        sequences.DECRYPT | {"padding": "zero"},
        sequences.CHALLENGE | {"extra": {"hex": "4100AA"}},
    ]
    taken = Driver(board, world).run(parsed(steps, "steps"))
    assert [one.problem for one in taken] == ["", "", ""]
    assert world.findings == {"k.2", "k.3"}


class FarEnd:
    """A service that says what it is told to say."""

    def __init__(self, *outcomes):
        self.outcomes = outcomes

    def authenticate(self, identity, sign, **state):
        assert identity == stand_in.IDENTITY
        self.timestamp = state["timestamp"]
        assert state == {"at_service": "active", "timestamp": self.timestamp, "extra": None, "again": False}
        return Authentication("5" * 32, sign("5" * 32), self.outcomes)


def at_service(board, outcome, *before):
    board.far_end = FarEnd(outcome)
    return run(board, parsed([sequences.INIT, *before, {"step": "service"}], "steps"))[-1].problem


def test_code_at_the_service_is_held_to_the_model():
    before = sequences.SHORTEST["extra-of-refused"][1]
    assert at_service(stand_in.Board(), 200, before) == ""
    assert "which makes type 0" in at_service(stand_in.Board("extra-of-refused"), 39, before)


def test_service_that_does_not_do_as_told_accuses_no_device():
    with pytest.raises(ToolError, match=r"the mock service answered \(45,\) to a right code"):
        at_service(stand_in.Board(), 45)


def test_challenge_codes_for_timestamps_say_nothing_of_the_service():
    """It refuses them, as it must; that is known defect k.10 of the device, which has a scenario of its own."""
    board = stand_in.Board("every-code-of-challenge")
    board.far_end = FarEnd(35)
    steps = parsed([sequences.INIT, {"step": "service", "timestamp": True}], "steps")
    assert run(board, steps, timestamps_as_challenges=True)[-1].problem == ""
    with pytest.raises(ToolError, match=r"the mock service answered \(35,\)"):
        run(board, parsed([sequences.INIT, {"step": "service"}], "steps"), timestamps_as_challenges=True)


@pytest.mark.parametrize("key_type", KeyType)
def test_every_step_can_be_built_for_every_key_type_or_is_left_out(key_type):
    world = World(key_type, stand_in.FUNCTIONS, 0x00030100, Identity(stand_in.ID, None))
    model = Model(world, world.identity)
    for found in sequences.SHORTEST.values():
        for step in parsed(found, "steps"):
            call = model.call(step)
            assert call is None or call.words


def test_client_of_a_module_is_held_to_its_values_alone():
    module = {"sdk_client": False}
    assert not expected(
        {"step": "get_device_challenge", "length": 16}, sequences.INIT, **module
    ).contradiction(Answer(code=-8))
    assert not expected(sequences.CHALLENGE, **module).contradiction(Answer(code=-10))
    assert expected({"step": "get_id"}, sequences.INIT, **module).contradiction(Answer(value="F" * 24))


def test_timestamp_codes_that_are_always_challenge_codes_have_a_scenario_of_their_own():
    board = stand_in.Board("timestamp-after-long")
    steps = parsed(sequences.SHORTEST["timestamp-after-long"], "steps")
    assert run(board, steps)[-1].problem
    assert not run(board, steps, timestamps_as_challenges=True)[-1].problem


def test_randoms_that_come_again_within_a_tick_are_a_known_defect(monkeypatch):
    ticks = iter([1.0, 1.001, 2.0])
    monkeypatch.setattr("harness.explore.state.time.monotonic", lambda: next(ticks))
    state = State(stand_in.world(stand_in.Board(), demo=True))
    assert [state.fresh("device random", "A") for _ in range(3)] == [
        "",
        "",
        "its device random came before in this sequence",
    ]
    assert state.world.findings == {"k.4"}


def test_sequences_begin_with_a_power_cycle_where_there_is_one_as_memory_may_outlive_a_reset():
    class Board(stand_in.Board):
        happened = ()

        def happen(self, event):
            self.happened = (*self.happened, event)
            super().happen(event)

    for events, first in (
        ({Event.RESET, Event.POWER_CYCLE, Event.REOPEN}, Event.POWER_CYCLE),
        ({Event.RESET, Event.REOPEN}, Event.RESET),
        ({Event.REOPEN}, Event.REOPEN),
    ):
        board = Board(events=frozenset(events))
        assert run(board, parsed([sequences.INIT], "steps"))[0].got == "done"
        assert board.happened == (first,)


CUT = {"step": "power_cut", "function": "get_id", "after_ms": 3}


def test_power_cut_in_the_middle_of_calls_leaves_a_board_that_has_just_started():
    steps = parsed([sequences.INIT, CUT, {"step": "get_id"}, sequences.INIT, {"step": "get_id"}], "steps")
    taken = run(stand_in.Board(), steps)
    assert [one.got for one in taken[1:]] == ["3 answers, then the power cut", "-1", "done", stand_in.ID]
    assert not any(one.problem for one in taken)
    (*_, last) = run(stand_in.Board("reset-while-counted"), [steps[0], steps[0], steps[1], steps[2]])
    assert (last.step, last.problem) == (steps[2], "accepted")


def test_what_is_answered_before_a_power_cut_is_judged():
    (_, _, last) = run(stand_in.Board("second-init"), parsed([sequences.INIT, sequences.INIT, CUT], "steps"))
    assert (last.got, last.problem) == ("-11", "refused with -11")


def test_secrets_are_shown_by_length_and_hash():
    board = stand_in.Board("secret-after-decrypt")
    taken = run(board, sequences.steps("secret-after-decrypt"))
    right = stand_in.id2_secrets.get_secret(stand_in.KEY, "a")
    given = stand_in.id2_secrets.get_secret(stand_in.KEY, "ax")
    text = "\n".join(numbered(taken))
    assert "64 characters, SHA-256 " in text
    assert right not in text
    assert given not in text
    derived = run(stand_in.Board("answer-leaks"), sequences.steps("answer-leaks"))
    secret = stand_in.id2_secrets.derive_key(stand_in.KEY, stand_in.ID, "appKey", 16)
    assert secret.hex()[:20].upper() not in "\n".join(numbered(derived)).upper()
