"""Judge what the device calls random: device randoms of the codes, and device challenges.

Source: device-protocol.md b.1, c.5, i.2, k.4.
"""

from collections import defaultdict

from harness.id2 import devicechallenge
from harness.id2.demorandom import follows_demo_generator
from harness.logcheck.context import Context
from harness.logcheck.facts import ChallengeLine
from harness.logcheck.judgement import Judgement
from harness.severity import Severity

FORCED = "ABABABABABABABAB"
_CUT_OFF = "and the lines that name the carrier are cut off: capture the console again, from its beginning"
_COMPARED = 16  # characters of two challenges that chance does not make equal


def judge_device_randoms(context: Context, judgement: Judgement) -> None:
    """Judge that no two separately made codes share their device random."""
    makings: dict[str, dict[int, int]] = defaultdict(dict)
    for sighting in context.facts.codes:
        code = context.code_of(sighting)
        if code is not None:
            makings[code.device_random].setdefault(sighting.generation, sighting.line)
    if not makings:
        return
    forced = makings.pop(FORCED, {})
    if forced:
        judgement.find(
            "forced-random",
            Severity.MAJOR,
            f"the device random is forced to {FORCED}",
            f"{len(forced)} codes carry it: this is the build for checking with fixed keys. Its codes can be "
            "replayed. A product must use a random source.",
            forced.values(),
        )
    linked = _name_demo_random(context, list(makings), judgement)
    repeated = {random: made for random, made in makings.items() if len(made) > 1}
    lines = sorted(line for made in repeated.values() for line in made.values())
    seen = "; ".join(
        f"{random} in {len(made)} separately made codes (lines {', '.join(map(str, sorted(made.values())))})"
        for random, made in list(repeated.items())[:8]
    )
    if linked and not context.demo_carrier:
        _judge_linked(context, linked, seen, makings, judgement)
    elif repeated and context.demo_carrier:
        judgement.find_defect("k.4", seen, lines, demo=True)
        judgement.passed(
            "device random", f"repeats, which the Demo carrier is known to do (k.4): {seen}", lines
        )
    elif repeated and context.carrier_cut_off:
        judgement.blocked(
            "device random",
            f"repeats: {seen}; only the Demo carrier may do that (k.4), {_CUT_OFF}",
            lines,
        )
    elif repeated:
        judgement.failed("device random", f"repeats: {seen}; a random source was expected", lines)
    elif forced:
        every = [*forced.values(), *(line for made in makings.values() for line in made.values())]
        judgement.passed(
            "device random", f"forced to {FORCED} by the build for fixed keys, not judged further", every
        )
    else:
        every = [line for made in makings.values() for line in made.values()]
        judgement.passed(
            "device random", f"{len(makings)} codes were made, {len(makings)} different values", every
        )


def _name_demo_random(context: Context, randoms: list[str], judgement: Judgement) -> int:
    """Name the SDK's demo random where it shows; return how many numbers are its own.

    Two numbers that fit are no chance (once in 10**18 logs); one is enough where there is no other.
    """
    challenges = [each for each in context.facts.challenges if len(each.text) >= _COMPARED]
    numbers = [*randoms, *(each.text for each in challenges)]
    fitting = sum(follows_demo_generator(number) for number in numbers)
    if not fitting or (fitting == 1 and len(numbers) > 1):
        return 0
    lines = [code.line for code in context.facts.codes] or [each.line for each in challenges]
    told = (
        f"the SDK's demo random is still linked: {fitting} of {len(numbers)} device randoms and challenges are "
        "successive numbers of its generator"
    )
    judgement.find_defect("k.4", told, lines[:1], demo=context.demo_carrier)
    return fitting


def _judge_linked(
    context: Context, linked: int, seen: str, makings: dict[str, dict[int, int]], judgement: Judgement
) -> None:
    lines = [line for made in makings.values() for line in made.values()]
    told = f"made by the SDK's demo random, which can be computed from the clock ({linked} numbers fit; k.4)"
    told += f"; repeats: {seen}" if seen else ""
    if context.carrier_cut_off:
        judgement.blocked("device random", f"{told}; only the Demo carrier may, {_CUT_OFF}", lines)
    else:
        judgement.failed("device random", f"{told}; a random source was expected", lines)


def judge_challenges(context: Context, judgement: Judgement) -> None:
    """Judge length, form and difference of the device challenges."""
    challenges = context.facts.challenges
    if not challenges:
        return
    problems, wrong = [], []
    doubtful = ""
    for challenge in challenges:
        for problem in _challenge_problems(challenge):
            problems.append(f"line {challenge.line}: {problem}")
            wrong.append(challenge.line)
    heads: dict[str, int] = {}
    repeated = []
    for challenge in challenges:
        head = challenge.text[:_COMPARED]
        if len(head) == _COMPARED and head in heads and head != FORCED:
            repeated.append((heads[head], challenge.line))
        heads.setdefault(head, challenge.line)
    for first, second in repeated[:8]:
        text = f"the challenge in line {second} begins like the one in line {first}: the random repeats"
        if context.demo_carrier:
            judgement.find_defect("k.4", text, [first, second], demo=True)
        elif context.carrier_cut_off:
            doubtful = f"{text}; only the Demo carrier may do that (k.4), {_CUT_OFF}"
        else:
            problems.append(text)
            wrong += [first, second]
    if doubtful and not problems:
        judgement.blocked("device challenges", doubtful, [line for pair in repeated for line in pair])
        return
    judgement.judged(
        "device challenges",
        problems,
        f"{len(challenges)}, each as long as the program says, in upper-case hex, all different",
        wrong or [challenge.line for challenge in challenges],
    )


def _challenge_problems(challenge: ChallengeLine) -> list[str]:
    if challenge.length < 1:
        return ["the program says it has 0 characters"]
    problems = [str(problem) for problem in devicechallenge.check(challenge.text, challenge.length)]
    if len(challenge.text) >= _COMPARED and len(set(challenge.text)) == 1:
        problems.append("one digit repeated")
    return problems
