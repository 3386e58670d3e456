"""Fault plans as text and YAML: what they mean, and where they are wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.transport.faults.plan import Fault, FaultKind, FaultPlan, Side
from harness.transport.faults.syntax import parse, parse_yaml

KINDS = st.sampled_from(FaultKind)


@st.composite
def faults(draw):
    kind = draw(KINDS)
    numbers = {"after": st.integers(0, 50), "times": st.integers(0, 5), "every": st.integers(1, 9)}
    more = {name: draw(values) for name, values in numbers.items()}
    more["chance"] = draw(st.integers(1, 100))
    if kind is FaultKind.FLIP:
        more["bit"] = draw(st.none() | st.integers(0, 999))
    if kind is FaultKind.TRUNCATE:
        more["keep"] = draw(st.none() | st.integers(0, 999))
    if kind in (FaultKind.DELAY, FaultKind.BROWNOUT):
        more["ms"] = draw(st.integers(1, 999))
    side = Side.ANY
    if kind in (FaultKind.TIMEOUT, FaultKind.FLIP, FaultKind.TRUNCATE):
        side = Side.ANSWER
    elif kind is FaultKind.DUPLICATE:
        side = Side.REQUEST
    else:
        side = draw(st.sampled_from(Side))
    return Fault(kind, side=side, **more)


PLANS = st.builds(FaultPlan, st.lists(faults(), max_size=6).map(tuple), st.integers(0, 10**9))


@settings(deadline=None)
@given(PLANS)
def test_a_plan_is_read_as_it_is_written(plan):
    assert parse(str(plan)) == plan


@settings(deadline=None)
@given(PLANS)
def test_yaml_says_the_same(plan):
    listed = "".join(f"  - {fault}\n" for fault in plan.faults)
    text = f"seed: {plan.seed}\nfaults:\n{listed}" if listed else f"seed: {plan.seed}\n"
    assert parse_yaml(text) == plan


def test_the_text_form():
    plan = parse("seed 7; nak after=3\n# a remark\nflip bit=12 times=always; delay ms=200 every=10  # slow")
    assert plan == FaultPlan(
        (
            Fault(FaultKind.NAK, after=3),
            Fault(FaultKind.FLIP, bit=12, times=0, side=Side.ANSWER),
            Fault(FaultKind.DELAY, ms=200, every=10),
        ),
        seed=7,
    )


def test_the_yaml_forms():
    plan = parse_yaml(
        "seed: 7\nfaults:\n- nak: {after: 3}\n- flip bit=12\n- timeout\n- nak:\n- 'delay ms=5'\n"
    )
    assert plan == parse("seed 7; nak after=3; flip bit=12; timeout; nak; delay ms=5")
    assert parse_yaml("- nak\n- timeout") == parse("nak; timeout")
    assert parse_yaml("") == FaultPlan()
    assert parse_yaml("seed: 3") == FaultPlan((), 3)


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("nap", "1:1", "no fault 'nap'"),
        ("nak; nap", "1:6", "no fault 'nap'"),
        ("nak\n\n  flip  bot=1", "3:9", "flip has no 'bot=1'"),
        ("nak bit=1", "1:5", "nak has no 'bit=1'"),
        ("nak after", "1:5", "nak has no 'after'"),
        ("nak after=x", "1:5", "after is a whole number"),
        ("nak after=-1", "1:5", "after is a whole number"),
        ("nak after=٣", "1:5", "after is a whole number"),
        ("nak after=1 after=2", "1:13", "after stands there twice"),
        ("nak side=any side=any", "1:14", "side stands there twice"),
        ("nak after=99999999999", "1:5", "after is a whole number up to"),
        ("nak after=9999999999", "1:5", "after is at most"),
        ("nak times=0", "1:5", "times is 1 or more, not 0"),
        ("nak every=0", "1:5", "every is 1 or more, not 0"),
        ("nak chance=101", "1:5", "chance is 1 to 100, not 101"),
        ("nak side=left", "1:5", "no side 'left'"),
        ("flip side=request", "1:6", "flip strikes answers only"),
        ("duplicate side=answer", "1:11", "duplicate strikes requests only"),
        ("delay", "1:1", "delay needs its milliseconds"),
        ("brownout after=1", "1:1", "brownout needs its milliseconds"),
        ("delay ms=0", "1:7", "ms is 1 or more"),
        ("seed", "1:1", "a seed is one number"),
        ("seed x", "1:6", "seed is a whole number"),
        ("seed 1; seed 2", "1:9", "a second seed"),
        ("nak;" * 257, "1:1025", "more than 256 faults"),
    ],
)
def test_a_wrong_text_is_named_with_its_place(text, place, problem):
    with pytest.raises(UsageError) as caught:
        parse(text, "--faults")
    assert caught.value.message.startswith(f"--faults:{place}: {problem}")


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("faults:\n- nak: {after: x}\n", "2:9", "after is a whole number"),
        ("faults:\n- 'flip bot=1'\n", "2:9", "flip has no 'bot=1'"),
        ("faults:\n- [nak]\n", "2:3", "a fault is a word"),
        ("faults: nak\n", "1:9", "faults are a list"),
        ("fault: []\n", "1:1", "no such field 'fault'"),
        ("seed: 1\nseed: 2\n", "2:1", "seed: written twice; the first is on line 1"),
        ("seed: [1]\n", "1:7", "a single word or number"),
        ("- nak: {after: [1]}\n", "1:16", "a single word or number"),
        ("- nak: [1]\n", "1:8", "write nak: {after: 3}"),
        ("- ''\n", "1:3", "an empty fault"),
        ("- {nak: , flip: }\n", "1:3", "a fault is a word"),
        ("- [\n", "2:1", "not valid YAML"),
        ("\x01", "1:1", "a character that YAML does not allow"),
        ("[" * 5000, "1:9", "nested more than 8 deep"),
    ],
)
def test_wrong_yaml_is_named_with_its_place(text, place, problem):
    with pytest.raises(UsageError) as caught:
        parse_yaml(text, "plan.yaml")
    assert caught.value.message.startswith(f"plan.yaml:{place}: {problem}")


def test_a_plan_is_bounded():
    for read in (parse, parse_yaml):
        with pytest.raises(UsageError, match="more than 65536 characters"):
            read(" " * 65537)


@settings(deadline=None)
@given(st.text(max_size=60), st.booleans())
def test_any_text_is_a_plan_or_a_clear_error(text, as_yaml):
    try:
        (parse_yaml if as_yaml else parse)(text)
    except UsageError as error:
        message = error.message
    else:
        return
    assert message.startswith("fault plan:")


def test_draws_follow_from_the_seed():
    one, other = FaultPlan((), 1), FaultPlan((), 2)
    assert [one.draw(0, n, "bit", 100) for n in range(20)] == [one.draw(0, n, "bit", 100) for n in range(20)]
    assert [one.draw(0, n, "bit", 100) for n in range(20)] != [
        other.draw(0, n, "bit", 100) for n in range(20)
    ]
