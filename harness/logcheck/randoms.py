"""Judge what the device calls random: device randoms of the codes, and device challenges.

Source: device-protocol.md b.1, c.5, i.2, k.4.
"""

from collections import defaultdict

from harness.id2 import devicechallenge
from harness.id2.defects import Severity
from harness.logcheck.context import Context
from harness.logcheck.facts import ChallengeLine
from harness.logcheck.sheet import Sheet

FORCED = "ABABABABABABABAB"
_COMPARED = 16  # characters of two challenges that chance does not make equal


def judge_device_randoms(context: Context, sheet: Sheet) -> None:
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
        sheet.find(
            "forced-random",
            Severity.SECURITY,
            f"the device random is forced to {FORCED}",
            f"{len(forced)} codes carry it: this is the build for checking with fixed keys. Its codes can be "
            "replayed. A product must use a random source.",
            forced.values(),
        )
    repeated = {random: made for random, made in makings.items() if len(made) > 1}
    lines = sorted(line for made in repeated.values() for line in made.values())
    seen = "; ".join(
        f"{random} in {len(made)} separately made codes (lines {', '.join(map(str, sorted(made.values())))})"
        for random, made in list(repeated.items())[:8]
    )
    if repeated and context.demo_carrier:
        sheet.find_defect("k.4", seen, lines, demo=True)
        sheet.passed("device random", f"repeats, which the Demo carrier is known to do (k.4): {seen}", lines)
    elif repeated and context.facts.cut_start and not context.facts.irots:
        sheet.not_run(
            "device random",
            f"repeats: {seen}; only the Demo carrier may do that (k.4), and its lines are cut off",
            lines,
        )
    elif repeated:
        sheet.failed("device random", f"repeats: {seen}; a random source was expected", lines)
    elif forced:
        every = [*forced.values(), *(line for made in makings.values() for line in made.values())]
        sheet.passed(
            "device random", f"forced to {FORCED} by the build for fixed keys, not judged further", every
        )
    else:
        every = [line for made in makings.values() for line in made.values()]
        sheet.passed(
            "device random", f"{len(makings)} codes were made, {len(makings)} different values", every
        )


def judge_challenges(context: Context, sheet: Sheet) -> None:
    """Judge length, form and difference of the device challenges."""
    challenges = context.facts.challenges
    if not challenges:
        return
    problems, wrong = [], []
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
            sheet.find_defect("k.4", text, [first, second], demo=True)
        else:
            problems.append(text)
            wrong += [first, second]
    sheet.judged(
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
