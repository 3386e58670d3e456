"""Servers for the checks of a link, beside the catalogue of misbehaviours: sound ones, and spoiled OTP data."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from harness.itls.extensions import Ext, Extension
from harness.itls.messages import HelloVerifyRequest
from harness.itls.misbehaviour import changes
from harness.itls.misbehaviour.case import Misbehaviour, Target
from harness.itls.misbehaviour.hooks import ChangedMessages
from harness.itls.server import ServerHooks
from harness.itls.suites import Suite
from harness.severity import Severity


def choosing(suite: Suite) -> Misbehaviour:
    """Return a sound server that chooses this suite."""
    hooks = partial(ChangedMessages, server_hello=partial(replace, suite=suite.value))
    return _sound(f"suite-{suite.value:04x}", f"The server chooses {suite.label}.", hooks)


def keeping_premasters(kept: list[bytes]) -> Misbehaviour:
    """Return a sound server that appends its pre-master secrets to `kept`, so that they can be looked for."""

    def premaster(data: bytes) -> bytes:
        kept.append(data)
        return data

    return _sound(
        "premaster-kept",
        "The server keeps the pre-master secret.",
        partial(ChangedMessages, premaster=premaster),
    )


def spoiled_otp() -> Misbehaviour:
    """Return a server whose OTP data has a wrong check value, which stands at its end."""

    def request(sound: HelloVerifyRequest) -> HelloVerifyRequest:
        if sound.extension.number != Ext.OTP_DATA:
            return sound
        data = changes.altered(1, 2)(sound.extension.data)
        return replace(sound, extension=Extension(Ext.OTP_DATA, data))

    return Misbehaviour(
        name="otp-check-value-wrong",
        summary="The check value of the OTP data does not fit the key.",
        expected="The board stores nothing and stays without an ID.",
        severity=Severity.CRITICAL,
        hooks=partial(ChangedMessages, verify_request=request),
        target=Target.CHALLENGE,
    )


def _sound(name: str, summary: str, hooks: Callable[[], ServerHooks]) -> Misbehaviour:
    return Misbehaviour(name, summary, "The board connects.", Severity.MINOR, hooks, target=None)
