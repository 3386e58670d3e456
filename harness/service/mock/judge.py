"""Judging a device's auth code: form, freshness, signature. Nothing is written here, but for one setting.

Source: service.md 4.4, 5 A, 5 B, 5 E, 8; device-protocol.md b.
"""

import hashlib
from dataclasses import dataclass

from harness.id2 import authcode, ciphers
from harness.id2.authcode import AuthCode
from harness.id2.codes import ServiceCode
from harness.id2.errors import Id2Error
from harness.id2.keys import Key
from harness.service.mock.request import Refused, Request
from harness.service.mock.store import onetime
from harness.service.mock.store.devices import Device


@dataclass(frozen=True, slots=True)
class AcceptedCode:
    """A good auth code, and what must be marked as used when the operation succeeds.

    Attributes:
        challenge: The challenge to spend; None for a timestamp code.
        mark: What makes the timestamp code recognisable when it comes again; None for a challenge code.
        expires_ms: From when on the timestamp code is too old anyway.
    """

    challenge: str | None = None
    mark: bytes | None = None
    expires_ms: int | None = None


def judge(request: Request, device: Device, code_text: str, extra: str) -> AcceptedCode:
    """Judge an auth code.

    Args:
        request: The call.
        device: The device that the caller says the code is from.
        code_text: The code as given.
        extra: The extra as the caller gives it, empty for none.

    Raises:
        Refused: 21 (form or signature), 33, 34, 35 (freshness), 39 (extra), 42 (SM1, which is unpublished).
    """
    extra_bytes = extra.encode()
    try:
        code = authcode.parse(code_text)
    except Id2Error:
        raise Refused(ServiceCode.AUTH_CODE) from None
    if code.type.from_server or code.hash is not device.key.key_type.hash:
        raise Refused(ServiceCode.AUTH_CODE)
    if len(extra_bytes) > request.settings.extra_max:
        raise Refused(ServiceCode.DEVICE_EXTRA)
    if request.settings.freshness_first:
        judged = _fresh(request, device, code, extra_bytes)
        _genuine(request, device, code, extra_bytes)
    else:
        _genuine(request, device, code, extra_bytes)
        judged = _fresh(request, device, code, extra_bytes)
    return judged


def _fresh(request: Request, device: Device, code: AuthCode, extra: bytes) -> AcceptedCode:
    if code.type.timestamp:
        return _fresh_timestamp(request, device, code, extra)
    challenge = onetime.find_challenge(request.db, code.random)
    if challenge is None or challenge.spent or challenge.id2 != device.id2:
        raise Refused(request.settings.spent_challenge_code)
    if request.now_ms - challenge.issued_ms > request.settings.challenge_lifetime_s * 1000:
        raise Refused(request.settings.spent_challenge_code)
    if request.settings.challenge_spent_by == "attempt":
        onetime.spend_challenge(request.db, code.random, request.now_ms)
    return AcceptedCode(challenge=code.random)


def _fresh_timestamp(request: Request, device: Device, code: AuthCode, extra: bytes) -> AcceptedCode:
    # The SDK signs any text as a timestamp (device-protocol.md a.2); what is no number is no time.
    if not (code.random.isascii() and code.random.isdigit()):
        raise Refused(request.settings.expired_timestamp_code)
    timestamp, window_ms = int(code.random), request.settings.timestamp_window_s * 1000
    if abs(request.now_ms - timestamp) > window_ms:
        raise Refused(request.settings.expired_timestamp_code)
    if request.settings.timestamp_repeats == "timestamp":
        signed = f"{device.id2}~{timestamp}".encode()
    else:
        # The signed text and not the code: type 1 and type 3 with an empty extra are the same signed text.
        signed = authcode.message(device.id2, code.device_random, code.random, extra)
    mark = hashlib.sha256(signed).digest()
    if onetime.code_used(request.db, mark):
        raise Refused(request.settings.repeated_timestamp_code)
    return AcceptedCode(mark=mark, expires_ms=timestamp + window_ms)


def _genuine(request: Request, device: Device, code: AuthCode, extra: bytes) -> None:
    if code.type.with_extra != bool(extra):
        raise Refused(ServiceCode.DEVICE_EXTRA)
    message = authcode.message(device.id2, code.device_random, code.random, extra)
    try:
        good = authcode.fits(device.key, message, code.sign)
    except Id2Error:
        raise Refused(ServiceCode.UNSUPPORTED) from None
    if not good:
        wrong_extra = extra and _signs_another_text(device.key, message, code.sign)
        raise Refused(request.settings.wrong_extra_code if wrong_extra else ServiceCode.AUTH_CODE)


def _signs_another_text(key: Key, message: bytes, sign: bytes) -> bool:
    """Tell a code over another extra (39) from a damaged one (21).

    With a symmetric key SIGN opens to hash and padding. Over another text every block of the hash differs
    while the padding is right; damage to a block leaves the other blocks as they should be, or breaks the
    padding. An asymmetric signature cannot be opened; there the extra, which the caller gives apart from the
    code, is taken to be the wrong part.
    """
    if not key.key_type.symmetric:
        return True
    block = key.key_type.block_size
    expected = authcode.sign_input(key.key_type, message)
    if len(sign) != len(expected):
        return False
    opened = ciphers.ecb_decrypt(key, sign)
    same = [opened[at : at + block] == expected[at : at + block] for at in range(0, len(expected), block)]
    return same[-1] and not any(same[:-1])
