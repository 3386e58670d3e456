"""The steps of a sequence: calls of the id2_client API, and what happens to the board between them.

Each step says everything that it needs, so that a part of a sequence is a sequence as well. What depends on the
device (a code of the service, data under the device's key) is described and not written out: the model builds it from
what is known of the device when the step is carried out.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from harness.explore.values import Data, Text, Written
from harness.id2.kpm import KeyInfo


class Event(StrEnum):
    """What happens to the board between calls."""

    RESET = "reset"
    POWER_CYCLE = "power-cycle"
    REOPEN = "reopen"


class PlainCall(Written):
    """A call without arguments."""

    step: Literal["init", "cleanup", "get_version", "get_id", "get_prov_stat"]


class BoardEvent(Written):
    """The board is reset, its power is cut and comes back, or the session with its chip is closed and opened."""

    step: Literal["reset", "power-cycle", "reopen"]


class AuthCodeCall(Written):
    """`get_challenge_auth_code` or `get_timestamp_auth_code`."""

    step: Literal["get_challenge_auth_code", "get_timestamp_auth_code"]
    random: Text
    extra: Data | None = None


class DecryptCall(Written):
    """`decrypt` of what the service would encrypt.

    Attributes:
        plain: The text in clear.
        padding: How it is padded: rightly; with 00 at the end; with bytes that differ; with a number above the block;
            not at all, so that `plain` itself is what is given as ciphertext.
    """

    step: Literal["decrypt"]
    plain: Data
    padding: Literal["right", "zero", "mixed", "above", "raw"] = "right"


class EncryptCall(Written):
    """`encrypt`."""

    step: Literal["encrypt"]
    plain: Data
    seed: Text = ""


class DeviceChallengeCall(Written):
    """`get_device_challenge`."""

    step: Literal["get_device_challenge"]
    length: int = Field(ge=0, le=1024)


class VerifyServerCall(Written):
    """`verify_server`.

    Attributes:
        random: The device challenge that is given.
        extra: The server extra that is given.
        code: What code is given: the right one; one with a changed bit in the first, a middle or the last byte of its
            signature; one for a challenge that differs everywhere, or in its last character alone; one of another
            device; one without the extra that is given; one for an extra whose last byte differs; none at all.
    """

    step: Literal["verify_server"]
    random: Text
    extra: Data | None = None
    code: Literal[
        "right",
        "changed",
        "changed-middle",
        "changed-end",
        "other-challenge",
        "other-challenge-end",
        "other-device",
        "other-extra",
        "other-extra-end",
        "empty",
    ] = "right"


class SecretCall(Written):
    """`get_secret`."""

    step: Literal["get_secret"]
    seed: Text


class DeriveKeyCall(Written):
    """`derive_key`."""

    step: Literal["derive_key"]
    seed: Text
    length: int = Field(ge=0, le=64)


class KpmCodeCall(Written):
    """`kpm_get_auth_code`."""

    step: Literal["kpm_get_auth_code"]
    index: int = Field(ge=0, le=255)
    info: Literal["aes-128", "aes-192", "aes-256", "sm4-128"] = "aes-128"
    timestamp: bool = False
    random: Text

    @property
    def key_info(self) -> KeyInfo:
        """The kind of key as the API numbers it."""
        return KeyInfo[self.info.upper().replace("-", "_")]


class KpmStateCall(Written):
    """`kpm_get_prov_stat`."""

    step: Literal["kpm_get_prov_stat"]
    index: int = Field(ge=0, le=255)


class PasswordCall(Written):
    """`dpm_get_totp`."""

    step: Literal["dpm_get_totp"]
    timestamp: int = Field(ge=0, le=(1 << 32) - 1)
    index: int = Field(ge=0, le=255)
    period: int = Field(default=180, ge=0, le=4000)
    length: int = Field(default=12, ge=0, le=64)


class PasswordIndexCall(Written):
    """`dpm_get_index`."""

    step: Literal["dpm_get_index"]
    password: Text


class OtpCodeCall(Written):
    """`get_otp_auth_code`, with a token of the harness.

    Attributes:
        which: Which one: two that are right and differ in their key, one that is too short, one for no key type.
    """

    step: Literal["get_otp_auth_code"]
    which: Literal["first", "second", "short", "unknown-type"] = "first"


class OtpLoadCall(Written):
    """`load_otp_data`, with the answer of the service to the last OTP code.

    Attributes:
        identity: Which ID and key the service gives.
        data: Whether the answer is right: as it must be; with another check value; cut short; for a session that
            never was.
    """

    step: Literal["load_otp_data"]
    identity: int = Field(default=1, ge=0, le=9)
    data: Literal["right", "wrong-check", "cut", "other-session"] = "right"


class ServiceCall(Written):
    """The mock service gives a challenge, the device a code over it, and the service judges the code.

    Attributes:
        state: The state that the service sees the device in; `other-product`: under a ProductKey that does not exist.
        timestamp: Whether the code is over the service's time, and not over its challenge.
        extra: Extra that is signed along, as text.
        again: Whether the same code is sent a second time.
    """

    step: Literal["service"]
    state: Literal["active", "suspended", "discarded", "other-product"] = "active"
    timestamp: bool = False
    extra: Text | None = None
    again: bool = False


class IntoBufferCall(Written):
    """A call with plain arguments into a buffer of a size of its own, where the board can be called so.

    Attributes:
        function: What is called.
        size: Bytes of the buffer.
    """

    step: Literal["into_buffer"]
    function: Literal["get_id", "get_challenge_auth_code", "get_secret", "decrypt"]
    size: int = Field(ge=0, le=1024)


class PowerCutCall(Written):
    """A call with plain arguments, made again and again until the power of the board is cut; then it comes back.

    Attributes:
        function: What is called.
        after_ms: Milliseconds from the first call to the cut.
    """

    step: Literal["power_cut"]
    function: Literal["get_id", "get_challenge_auth_code", "get_secret", "decrypt"]
    after_ms: int = Field(ge=0, le=1000)


Step = Annotated[
    PlainCall
    | BoardEvent
    | AuthCodeCall
    | DecryptCall
    | EncryptCall
    | DeviceChallengeCall
    | VerifyServerCall
    | SecretCall
    | DeriveKeyCall
    | KpmCodeCall
    | KpmStateCall
    | PasswordCall
    | PasswordIndexCall
    | OtpCodeCall
    | OtpLoadCall
    | ServiceCall
    | IntoBufferCall
    | PowerCutCall,
    Field(discriminator="step"),
]
"""One step of a sequence."""
