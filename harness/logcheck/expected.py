"""Hold what somebody claims of a board against what its console shows, with the key or without.

A contradiction is a failure that names both sides; what the console does not show is not run, so that nobody takes
it for checked.

Source: device-protocol.md d (key types), e.1 (irot types), e.2 (vendors), i.1 (banner), i.2 (unit tests).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from harness.chip.command_set import COMMAND_SETS
from harness.console import events as e
from harness.id2.errors import quoted
from harness.id2.keys import KeyType
from harness.logcheck.banner import sdk_version
from harness.logcheck.claims import CARRIERS
from harness.logcheck.context import Context, setting_family, shape_family
from harness.logcheck.gather import VERIFY_SERVER
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import BootSummary, Program

_SDK_VERSION = re.compile(r'"sdkVersion"\s*:\s*"(?P<version>[^"]{1,40})"')
_TESTS = {"derive-key": "Derive Key", "secret": "Get Secret", "totp": "One-Time Password", "kpm": "KPM"}
_ALGORITHMS = {"3DES": "des-ecb", "AES": "aes-ecb", "SM4": "sm4-ecb", "SM1": "sm1-ecb"}
_FIRST = "1.0."
_ALIKE = ("2.0.0", "1.0.1")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the console shows of one thing.

    Attributes:
        value: It, as text.
        line: Where.
        how: By what, for a person; may be empty.
    """

    value: str
    line: int
    how: str = ""


def judge_claims(context: Context, judgement: Judgement) -> None:
    """Judge every claim but the one about the program, which takes the whole log."""
    claims = context.claims
    for name, wanted, show, fits in _comparisons(context):
        shown = show(context)
        if shown is None:
            judgement.not_run(
                f"claimed {name}", f"{claims.source} says {wanted}; the console does not show it"
            )
            continue
        how = f" ({shown.how})" if shown.how else ""
        told = f"{claims.source} says {wanted}, the console shows {quoted(shown.value, 60)}{how}"
        judgement.judged(f"claimed {name}", [] if fits(shown.value) else [told], told, [shown.line])
    _judge_key_length(context, judgement)
    for feature in claims.features:
        _judge_feature(context, feature, judgement)
    _judge_algorithms(context, judgement)
    if claims.not_shown:
        judgement.not_run("claimed, never on a console", f"not checked here: {', '.join(claims.not_shown)}")


_Comparison = tuple[str, str, Callable[[Context], Shown | None], Callable[[str], bool]]


def _comparisons(context: Context) -> Iterator[_Comparison]:
    claims = context.claims
    if claims.carrier:
        carriers = CARRIERS.get(claims.carrier, (claims.carrier.upper(),))
        yield "carrier", claims.carrier, _carrier, lambda value: value in carriers
    if claims.key_type is not None:
        kind = claims.key_type
        yield "key type", kind.value, _key_type, lambda value: _is_of_type(context, kind, value)
    if claims.id2:
        yield "ID", claims.id2, _id, lambda value: value == claims.id2
    if claims.sdk_version:
        yield (
            "SDK version",
            claims.sdk_version,
            _version,
            lambda value: _is_release(value, claims.sdk_version),
        )
    if claims.vendor is not None:
        wanted = f"{claims.vendor:04X}"
        yield "chip vendor", wanted, _vendor, lambda value: value == wanted
    if claims.command_set:
        yield "command set", claims.command_set, _command_set, lambda value: value == claims.command_set


def _carrier(context: Context) -> Shown | None:
    facts = context.facts
    if facts.irots:
        line, event = facts.irots[0]
        return Shown(event.carrier, line, f"id2 irot type, {event.number}")
    if facts.module_line:
        return Shown("module", facts.module_line, "CONFIG_ID2_MDU_TYPE")
    if facts.module:
        return Shown("module", facts.builds[0][0], "stub for a module")
    if facts.demo_warnings:
        return Shown("DEMO", facts.demo_warnings[0], "the Demo carrier's own warning")
    if facts.puf_line:
        return Shown("PUF", facts.puf_line, "CONFIG_CHIP_ECDP_TYPE")
    if chip := next((line for line, flag in facts.flags if flag.name == "CONFIG_CHIP_TYPE"), 0):
        return Shown("SE", chip, "CONFIG_CHIP_TYPE")
    if facts.exchanges:
        return Shown("SE", facts.exchanges[0].lines[0], "lines of the SE adapter")
    return None


def _key_type(context: Context) -> Shown | None:
    if context.key is not None:
        return Shown(context.key.key_type.value, context.facts.codes[0].line, "the key fits")
    if family := setting_family(context.facts):
        line = next(line for line, flag in context.facts.flags if flag.name == "CONFIG_ID2_KEY_TYPE")
        return Shown(family, line, "CONFIG_ID2_KEY_TYPE")
    if family := shape_family(context):
        return Shown(family, context.facts.codes[0].line, "hash and length of the codes")
    return None


def _is_of_type(context: Context, kind: KeyType, shown: str) -> bool:
    if context.key is not None:
        return shown == kind.value
    if setting_family(context.facts):
        return shown == kind.family
    # By hash and length alone SM1 looks like SM4, and the smallest ECC curve like AES.
    alike = {"SM4": ("SM4", "SM1"), "AES": ("AES", "ECC")}
    return kind.family in alike.get(shown, (shown,))


def _judge_key_length(context: Context, judgement: Judgement) -> None:
    """Say what the console shows of the length of the key, which is nothing without the key itself."""
    kind, source = context.claims.key_type, context.claims.source
    if (
        kind is None
        or context.key is not None
        or context.key_type is None
        or kind.family != context.key_type.family
    ):
        return
    sizes = {len(code.sign) for code in context.parsed.values()}
    if kind.symmetric and kind.family in ("AES", "3DES"):
        told = (
            f"{source} says {kind.value}; the console shows {kind.family}, and no key length without the key"
        )
        judgement.not_run("claimed key length", told)
    elif kind.family in ("RSA", "ECC") and sizes:
        told = f"{source} says {kind.value}, whose SIGN has {kind.sign_size} bytes; the codes have "
        told += ", ".join(map(str, sorted(sizes)))
        problems = [] if sizes == {kind.sign_size} else [told]
        judgement.judged("claimed key length", problems, told, [context.facts.codes[0].line])


def _id(context: Context) -> Shown | None:
    return Shown(context.id2, context.ids[0].line) if context.ids else None


def _version(context: Context) -> Shown | None:
    facts = context.facts
    if facts.versions:
        line, event = facts.versions[0]
        return Shown(sdk_version(event), line, "banner")
    for report in facts.reports:
        for line, row in report.rows:
            if found := _SDK_VERSION.search(row):
                return Shown(found["version"], line, "validation report")
    return None


def _is_release(shown: str, wanted: str) -> bool:
    """Tell whether a version is the one wanted.

    No source shows what version 1.0.1 prints, so all of 1.0 count as one. The page in its branch shows a report of
    2.0.0, from which it may be that 1.0.1 prints that: a console of 2.0.0 does not contradict a claim of 1.0.1.
    """
    if shown == wanted or (shown.startswith(_FIRST) and wanted.startswith(_FIRST)):
        return True
    return (shown, wanted) == _ALIKE


def _vendor(context: Context) -> Shown | None:
    call = next((call for call in context.id_calls if not call.problem), None)
    return None if call is None else Shown(f"{call.number:04X}", call.line, f"GetID: {call.vendor}")


def _command_set(context: Context) -> Shown | None:
    for line, flag in context.facts.flags:
        if flag.name == "CONFIG_CHIP_TYPE":
            words = {name: kind.build_word() for name, kind in COMMAND_SETS.all().items()}
            known = (name for name, word in words.items() if word and f"_{word}_" in flag.value)
            return Shown(next(known, flag.value), line, flag.value)
    return None


def _judge_feature(context: Context, feature: str, judgement: Judgement) -> None:
    facts, source, name = context.facts, context.claims.source, f"claimed feature {feature}"
    told = f"{source} says that the device has it"
    if feature == "otp":
        switch = next(((line, flag) for line, flag in facts.flags if flag.name == "CONFIG_ID2_OTP"), None)
        if switch is not None:
            problem = f"{told}; the console shows that CONFIG_ID2_OTP is not defined"
            good = f"{told}; CONFIG_ID2_OTP is defined"
            judgement.judged(name, [] if switch[1].on else [problem], good, [switch[0]])
            return
    test = next((test for test in facts.tests if test.name == _TESTS.get(feature)), None)
    if test is not None and test.result is not None:
        problem = f"{told}; the console shows {test.name}: {test.result.value}"
        bad = test.result is not e.TestResult.PASS
        judgement.judged(name, [problem] if bad else [], f"{told}; {test.name} passed", test.lines)
        return
    section = next((each for each in facts.sections if each.name == VERIFY_SERVER), None)
    if feature == "verify-server" and section is not None and section.passed is not None:
        lines = [line for line in (section.start, section.end) if line is not None]
        problem = f"{told}; the console shows that the service's code was refused"
        judgement.judged(name, [] if section.passed else [problem], f"{told}; it accepted the code", lines)
        return
    judgement.not_run(name, f"{told}; the console does not show it")


def _judge_algorithms(context: Context, judgement: Judgement) -> None:
    claims = context.claims
    if not claims.algorithms:
        return
    used = {_ALGORITHMS[call.family]: call.lines[0] for call in context.calls if call.family in _ALGORITHMS}
    problems = [
        f"{claims.source} says {', '.join(claims.algorithms)}, the console shows {name} (line {line})"
        for name, line in used.items()
        if name not in claims.algorithms
    ]
    if used:
        good = f"{claims.source} says {', '.join(claims.algorithms)}; the console shows {', '.join(used)}"
        judgement.judged("claimed algorithms", problems, good, used.values())
    if unseen := [name for name in claims.algorithms if name not in used]:
        told = f"{claims.source} says {', '.join(unseen)}; the console does not show them"
        judgement.not_run("claimed algorithms, not shown", told)


def judge_program_claim(
    wanted: Program, source: str, boots: Iterable[BootSummary], judgement: Judgement
) -> None:
    """Hold the program of the whole log against the one that is claimed."""
    seen = [boot for boot in boots if boot.program is not Program.UNKNOWN]
    if not seen:
        judgement.not_run(
            "claimed program", f"{source} says {wanted.value}; the console does not show which it is"
        )
        return
    first = seen[0]
    programs = ", ".join(dict.fromkeys(boot.program.value for boot in seen))
    told = f"{source} says {wanted.value}, the console shows {programs}"
    fits = any(boot.program is wanted for boot in seen)
    judgement.judged("claimed program", [] if fits else [told], told, [first.first_line])
