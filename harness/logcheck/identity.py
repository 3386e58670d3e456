"""Judge the device's ID wherever it stands, and whether a key that was given is this device's.

Source: device-protocol.md d (form), b.3 (constant last block), b.5 (published keys).
"""

from harness.id2 import authcode, ids
from harness.id2.errors import Id2Error, quoted
from harness.id2.ids import IdForm
from harness.id2.keys import Key, KeyType
from harness.id2.published import IDENTIFIERS, KEYS, published_with_another_point
from harness.id2.signing import fits
from harness.logcheck.context import Context, setting_family, shape_family
from harness.logcheck.facts import Sighting
from harness.logcheck.judgement import Judgement, first_difference
from harness.logcheck.keyring import KeyRing, KnownKey
from harness.logcheck.model import Program
from harness.severity import Severity

_FIXED = tuple(known.key for known in KEYS.values())


def judge_id(context: Context, judgement: Judgement) -> None:
    """Judge the form of the ID, and that every place shows the same."""
    places = context.ids
    if not places:
        if context.facts.cut_start:
            judgement.not_run("ID", "no line shows the device's ID; the beginning of the log is cut")
        elif context.facts.program in (Program.ID2_APP, Program.DEMO):
            judgement.missing("ID", "no line of this start shows the device's ID", [context.facts.last_line])
        return
    problems = []
    wrong = []
    try:
        form = ids.parse(context.id2).form
        if form is IdForm.UNPROVISIONED:
            problems.append("it is all F: the device is not provisioned")
    except Id2Error as error:
        problems.append(str(error))
    if context.expected_id not in ("", context.id2):
        problems.append(f"this device is {quoted(context.id2)}, not {quoted(context.expected_id)}")
    for place in places:
        if place.value != context.id2:
            at = first_difference(place.value, context.id2)
            wrong.append(place.line)
            problems.append(
                f"line {place.line} shows {quoted(place.value)}; at position {at} it differs from "
                f"{quoted(context.id2)}"
            )
    lines = wrong or [place.line for place in places]
    judgement.judged("ID", problems, f"{quoted(context.id2)}, the same in all {len(places)} places", lines)


def judge_key(context: Context, keys: KeyRing, judgement: Judgement) -> None:
    """Find the key of this device among those given, and say so when one does not fit."""
    published = context.id2 in IDENTIFIERS
    for known in keys.given:
        if _try_given(context, known, judgement):
            break
    if context.key is None and keys.published:
        _try_published(context, keys, judgement)
    elif context.key is None and not keys.given:
        _no_key(context, judgement, debug_id=published)
    if context.key is not None and context.key.public in published_with_another_point():
        judgement.find_defect(
            "k.12",
            "the codes verify against the point of the demo's private key, not against the one published beside it",
            [place.line for place in context.ids[:1]],
        )
    if published or context.published_key:
        judgement.find(
            "published-key",
            Severity.MAJOR,
            "the ID is a published debug ID" if published else "the key is a published debug key",
            "The vendor published its key for debugging: a product that uses it has no secret "
            "(device-protocol.md b.5).",
            [place.line for place in context.ids[:1]],
            demo=context.demo_carrier,
        )


def _no_key(context: Context, judgement: Judgement, *, debug_id: bool) -> None:
    if not context.parsed:
        return
    hint = (
        "the ID is a published debug ID: check again with --debug-keys" if debug_id else "give it with --key"
    )
    judgement.not_run("key", f"no key: SIGN was not recomputed ({hint})")


def _try_given(context: Context, known: KnownKey, judgement: Judgement) -> bool:
    if known.id2 and context.id2 and known.id2 != context.id2:
        judgement.failed(
            "key",
            f"the key given belongs to ID {quoted(known.id2)}; this device is {quoted(context.id2)}",
            [place.line for place in context.ids[:1]],
        )
        return False
    if not context.parsed and not context.hardened:
        if context.ids:
            judgement.not_run("key", "no auth code in this start to try the key on")
        return False
    codes = _code_lines(context)
    for key in known.candidates:
        if (count := _fitting(context, key)) > 0:
            context.key, context.key_type, context.exact_type = key, key.key_type, True
            context.id2 = context.id2 or known.id2
            judgement.passed(
                "key", f"the key given ({key.key_type.value}) is this device's: {_proof(key, count)}", codes
            )
            return True
    if _is_secret(context, known):
        told = "SM1 is secret: no code of it can be recomputed, so whether the key given fits is not known"
        judgement.not_run("key", told, codes)
        return False
    judgement.failed("key", _misfit(context, known), codes)
    return False


def _is_secret(context: Context, known: KnownKey) -> bool:
    """Tell whether the device may have an SM1 key, and so may the one that was given."""
    if all(key.key_type is not KeyType.SM1_128 for key in known.candidates):
        return False
    return setting_family(context.facts) in ("", "SM1") and shape_family(context) in ("SM4", "SM1", "")


def _try_published(context: Context, keys: KeyRing, judgement: Judgement) -> None:
    if not context.parsed and not context.hardened:
        return
    codes = _code_lines(context)
    mine = [known for known in keys.published if known.id2 == context.id2]
    fixed = [known for known in mine if known.candidates[0] in _FIXED]
    for known in (*mine, *keys.published):
        key = known.candidates[0]
        if (count := _fitting(context, key)) > 0:
            context.key, context.key_type, context.exact_type = key, key.key_type, True
            context.published_key = True
            if not context.id2:
                context.id2 = known.id2
                judgement.passed(
                    "key",
                    f"published debug key {key.key_type.value} of ID {known.id2}: {_proof(key, count)}",
                    codes,
                )
                return
            whose = "belongs to this ID" if known in mine else f"belongs to ID {known.id2}, not to this one"
            detail = f"published debug key {key.key_type.value}, which {whose}: {_proof(key, count)}"
            judgement.judged("key", [] if known in mine else [detail], detail, codes)
            return
    if fixed:
        told = f"the ID is a published one, its published key is another: {_misfit(context, fixed[0])}"
        judgement.failed("key", told, codes)
    elif context.id2 in IDENTIFIERS:
        told = "the ID is a published one; none of its keys that are known here fits: SIGN was not recomputed"
        judgement.not_run("key", told)
    else:
        judgement.not_run("key", "no published debug key belongs to this device: SIGN was not recomputed")


def _code_lines(context: Context) -> list[int]:
    return [sighting.line for sighting in context.facts.codes if context.code_of(sighting) is not None][:1]


def _fitting(context: Context, key: Key) -> int:
    """Return how many codes this key can have made, judged without the message where that is possible."""
    if key.key_type.symmetric:
        try:
            tail = authcode.tail_of_key(key)
        except Id2Error:  # SM1, whose cipher is not public
            return 0
        size = key.key_type.sign_size
        plain = sum(len(code.sign) == size and code.sign.endswith(tail) for code in context.parsed.values())
        return plain + sum(_opens(key, sighting) for sighting in context.hardened)
    return sum(_verifies(context, key, sighting) for sighting in context.facts.codes)


def _opens(key: Key, sighting: Sighting) -> bool:
    try:
        authcode.parse(authcode.unharden(key, sighting.text))
    except Id2Error:
        return False
    return True


def _verifies(context: Context, key: Key, sighting: Sighting) -> bool:
    code = context.code_of(sighting)
    if code is None or len(code.sign) != key.key_type.sign_size:
        return False
    extra = (sighting.extra or "").encode()
    return fits(key, authcode.message(context.id2, code.device_random, code.random, extra), code.sign)


def _proof(key: Key, count: int) -> str:
    what = "end with its constant last block" if key.key_type.symmetric else "verify with it"
    return f"{count} codes {what}"


def _misfit(context: Context, known: KnownKey) -> str:
    seen = context.key_type.family if context.key_type is not None else "unknown"
    if len(known.candidates) > 1:  # nothing says which type it is
        return (
            f"the key given does not fit: no code of this device is made with it; the codes look like {seen}"
        )
    (key,) = known.candidates
    if key.key_type.symmetric and key.key_type.family == seen and context.tail:
        return (
            f"the key given ({key.key_type.value}) is not this device's key: its constant last block would be "
            f"{authcode.tail_of_key(key).hex().upper()}, the codes end with {context.tail.hex().upper()}"
        )
    return (
        f"the key given ({key.key_type.value}) is not this device's key: no code of it fits; "
        f"the codes look like {seen}"
    )
