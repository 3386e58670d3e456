"""What the checks of one boot need to know first: the device's ID, key type and key.

A log that somebody changed in one place must not pull the others along. So the ID is the one that most places
of the boot show, and the constant last block is the one that most codes end with; the places that differ are
what is wrong.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from harness.id2 import authcode, ids
from harness.id2.authcode import AuthCode
from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType
from harness.id2.keys import Key, KeyType
from harness.logcheck.apdu import CryptCall, GetIdCall, calls_of
from harness.logcheck.claims import NO_CLAIMS, Claims
from harness.logcheck.facts import Facts, PrintedValue, Sighting
from harness.logcheck.reporttext import report_id

_REPRESENTATIVE = {
    "3DES": KeyType.DES3_168,
    "AES": KeyType.AES_128,
    "SM1": KeyType.SM1_128,
    "SM4": KeyType.SM4_128,
    "SM2": KeyType.SM2_256,
    "ECC": KeyType.ECC_K256,
}
_BY_SHAPE = {
    (40, HashType.SHA256): KeyType.DES3_168,
    (48, HashType.SHA256): KeyType.AES_128,
    (48, HashType.SM3): KeyType.SM4_128,
    (64, HashType.SM3): KeyType.SM2_256,
    (64, HashType.SHA256): KeyType.ECC_K256,
    (56, HashType.SHA256): KeyType.ECC_K224,
    (128, HashType.SHA256): KeyType.RSA_1024,
    (256, HashType.SHA256): KeyType.RSA_2048,
}
_FAMILY = re.compile(r"_(?:TYPE|KEY)_(?P<family>3DES|AES|RSA|ECC|SM1|SM2|SM4)$")
_LENGTH_HEAD = 2
_ASYMMETRIC_SIZES = (64, 128, 256)


_SEEDS_OF_TESTS = ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "appKey")  # the others are the ID


@dataclass(slots=True)
class Context:
    """What is known about a boot before its parts are judged.

    Attributes:
        facts: What the boot says.
        ids: Every place that shows the device's ID: line and what stands there.
        id2: The ID of the device; empty when none is shown.
        parsed: The codes that can be read, by their place in `facts.codes`.
        key_type: The key type, as far as it is known; AES-128 stands for any AES, 3DES-168 for any 3DES.
        exact_type: `key_type` is the exact type, not one that stands for its family.
        tails: Last cipher blocks of the codes, how often each.
        key: The device's key, when it is known and fits.
        published_key: `key` is one of the vendor's published ones.
        calls: Calls to the chip, from the APDU dumps.
        id_calls: The chip's answers to GetID.
        expected_id: The ID that the device should have; empty when nobody said.
        claims: What else somebody says of the device.
        headed: The codes whose SIGN begins with the length that the chip puts before its answers, by their place
            in `facts.codes`; what stands in `parsed` is without it.
        now: The time of judging, which no build is ahead of.
        start_asked: Whether somebody started the board on purpose for this boot.
    """

    facts: Facts
    expected_id: str = ""
    ids: list[PrintedValue] = field(default_factory=list)
    id2: str = ""
    parsed: dict[int, AuthCode] = field(default_factory=dict)
    key_type: KeyType | None = None
    exact_type: bool = False
    tails: Counter[bytes] = field(default_factory=Counter)
    key: Key | None = None
    published_key: bool = False
    calls: list[CryptCall] = field(default_factory=list)
    id_calls: list[GetIdCall] = field(default_factory=list)
    claims: Claims = NO_CLAIMS
    headed: dict[int, AuthCode] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    start_asked: bool = False

    @property
    def module(self) -> bool:
        """The program drives an ID² module (MDU)."""
        return self.facts.module

    @property
    def demo_carrier(self) -> bool:
        """The Demo carrier made the codes, whose random is seeded by the clock (k.4)."""
        return bool(self.facts.demo_warnings) or any(event.number == 5 for _, event in self.facts.irots)

    @property
    def carrier_cut_off(self) -> bool:
        """The log begins behind the lines that name the carrier, and nothing else tells that it is no Demo.

        A chip's dumps and settings do, as the ID of a PUF does and whoever says which carrier holds the key.
        """
        facts = self.facts
        told = facts.irots or facts.demo_warnings or facts.chip_lines or len(self.id2) in ids.PUF_LENGTHS
        return facts.cut_start and not told and self.claims.carrier in ("", "demo")

    @property
    def tail(self) -> bytes:
        """The constant last block of the device; empty when there is none."""
        return self.tails.most_common(1)[0][0] if self.tails else b""

    @property
    def hardened(self) -> list[Sighting]:
        """The codes in hardened form, which only the key opens."""
        return [sighting for sighting in self.facts.codes if authcode.is_hardened(sighting.text)]

    def code_of(self, sighting: Sighting) -> AuthCode | None:
        """Return the fields of a code, None when it cannot be read."""
        return self.parsed.get(id(sighting))


def understand(
    facts: Facts, expected_id: str = "", claims: Claims = NO_CLAIMS, now: datetime | None = None
) -> Context:
    """Find out what a boot is about; judges nothing."""
    context = Context(facts, expected_id, claims=claims, now=now or datetime.now(UTC))
    context.calls, context.id_calls = calls_of(facts.exchanges)
    _read_codes(context)
    _find_id(context)
    _find_key_type(context)
    if context.key_type is not None and context.key_type.symmetric:
        for code in context.parsed.values():
            if len(code.sign) == context.key_type.sign_size:
                context.tails[code.sign[-context.key_type.block_size :]] += 1
    return context


def setting_family(facts: Facts, name: str = "CONFIG_ID2_KEY_TYPE") -> str:
    """Return the key type that the build says it has (`AES`), empty when it says none."""
    return next((family_named(flag.value) for _, flag in facts.flags if flag.name == name), "")


def family_named(setting: str) -> str:
    """Return the key family in the value of a setting; the whole value when it names none.

    The SE adapters print `CHIP_KEY_TYPE_AES`, that of the PUF prints `CONFIG_CHIP_KEY_ECC`.
    """
    found = _FAMILY.search(setting)
    return found["family"] if found else setting.rpartition("_TYPE_")[2]


def without_length_head(code: AuthCode) -> AuthCode | None:
    """Return a code without the two bytes of length before its SIGN, None when there are none.

    A chip of the standard set answers an asymmetric command with the total length first, and the SDK's adapter
    leaves it there. Source: device-protocol.md e.2.
    """
    size = len(code.sign) - _LENGTH_HEAD
    if size not in _ASYMMETRIC_SIZES or int.from_bytes(code.sign[:_LENGTH_HEAD], "big") != size:
        return None
    return replace(code, sign=code.sign[_LENGTH_HEAD:])


def shape_family(context: Context) -> str:
    """Return the key family whose hash and length most codes have; empty when they are of none."""
    shapes = Counter(_BY_SHAPE.get((len(code.sign), code.hash)) for code in context.parsed.values())
    found = shapes.most_common(1)[0][0] if shapes else None
    return found.family if found is not None else ""


def _read_codes(context: Context) -> None:
    for sighting in context.facts.codes:
        if sighting.source == "server":
            continue
        try:
            code = authcode.parse(sighting.text)
        except Id2Error:
            continue
        if code.type.from_server:
            continue
        bare = without_length_head(code)
        if bare is not None:
            context.headed[id(sighting)] = code
        context.parsed[id(sighting)] = bare or code


def _find_key_type(context: Context) -> None:
    shapes = Counter(_BY_SHAPE.get((len(code.sign), code.hash)) for code in context.parsed.values())
    shapes.pop(None, None)
    by_shape = shapes.most_common(1)[0][0] if shapes else None
    family = setting_family(context.facts)
    if not family and by_shape is KeyType.AES_128 and len(context.id2) in ids.PUF_LENGTHS:
        family = KeyType.ECC_K192.family  # only PUF devices have such IDs
    if family == KeyType.ECC_K192.family and by_shape is KeyType.AES_128:
        by_shape = KeyType.ECC_K192  # which signs as many bytes as AES
    if by_shape is not None and family in ("", by_shape.family):
        context.key_type = by_shape
    elif family == "SM1" and by_shape is KeyType.SM4_128:
        context.key_type = KeyType.SM1_128
    else:
        context.key_type = _REPRESENTATIVE.get(family, by_shape)


def _find_id(context: Context) -> None:
    facts = context.facts
    places = list(facts.ids)
    places += [PrintedValue(line, value) for report in facts.reports for line, value in report_id(report)]
    places += [PrintedValue(call.line, call.id2) for call in context.id_calls if call.id2]
    used = {seed.line for derived in (*facts.secrets, *facts.keys) if (seed := derived.seed)}
    last_totp = max((totp.line for totp in facts.totps), default=0)
    seeds = (seed for seed in facts.seeds if seed.value not in _SEEDS_OF_TESTS)
    places += [seed for seed in seeds if seed.line not in used and seed.line < last_totp]
    places += [section.output for section in facts.sections if section.output is not None]
    context.ids = sorted(places, key=lambda place: place.line)
    votes = Counter(place.value for place in context.ids)
    if votes:
        context.id2 = votes.most_common(1)[0][0]
