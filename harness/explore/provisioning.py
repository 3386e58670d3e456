"""The service's side of field provisioning: tokens, and the answers right and wrong to a device's OTP code.

The identities are made up here: they are no secrets, and the one that the device had is put back at the end.
Source: device-protocol.md c.6.
"""

from hashlib import sha256

from harness.explore.steps import OtpCodeCall, OtpLoadCall
from harness.explore.world import Identity
from harness.id2 import otp
from harness.id2.keys import Key, KeyType
from harness.secret import Secret

ORIGINAL = 0
"""The number of the identity that the device had at the beginning."""

LOADABLE = ("AES", "SM4")
"""Families of key types that can be provisioned in the field."""

_NO_KEY_TYPE = "~"
_WRONG_SESSION = bytes(range(16))


def token_text(step: OtpCodeCall, key_type: KeyType) -> str:
    """Return the token that a step names."""
    digit = chr(ord("0") + (key_type.otp_number or 0))
    if step.which == "unknown-type":
        digit = _NO_KEY_TYPE
    secret = "explored-second1" if step.which == "second" else "explored-first-1"
    text = f"i1{digit}{secret}".ljust(otp.TOKEN_MIN, "0")
    return text[: otp.TOKEN_MIN - 1] if step.which == "short" else text


def made_up(number: int, key_type: KeyType) -> Identity:
    """Return the identity of a number from 1 on."""
    seed = sha256(f"explored identity {number}".encode()).digest()
    return Identity(f"E{number}{seed.hex().upper()[:22]}", Key(key_type, Secret(seed[: key_type.key_size])))


def answer_to(step: OtpLoadCall, session_key: bytes, identity: Identity) -> bytes:
    """Return the OTP data that a step gives to a device with this session key."""
    assert identity.key is not None, "an identity that is loaded has a key"
    session = _WRONG_SESSION if step.data == "other-session" else session_key
    data = bytearray(otp.build_data(session, identity.id2, identity.key).data)
    if step.data == "wrong-check":
        data[-1] ^= 1
    if step.data == "cut":
        del data[-5:]
    return bytes(data)
