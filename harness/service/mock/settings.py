"""What the mock decides where the real cloud's choice is not documented: each is a named setting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OPERATIONS_OF_VERIFY_POLICY = frozenset(
    {"GetServerRandom", "Verify", "VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of the mock.

    Attributes:
        native_types: Give `Code`, `Success` and the scalars of `Data` as JSON numbers and booleans. The
            documentation's samples show strings, its tables name native types; strings are the default.
        host_id: `HostId` in the gateway's errors.
        clock_skew_s: Gateway: how far `Timestamp` may be from the service's clock, seconds. Documented: 15
            minutes.
        challenge_lifetime_s: How long a challenge can be answered, seconds. Not documented; the tolerance of
            timestamps is taken.
        timestamp_window_s: How far a device's timestamp may be off, seconds. Documented: under 10 minutes.
        challenge_spent_by: `success`: a refusal leaves the challenge usable, as a refusal changes nothing
            else either. `attempt`: the first code that names a challenge spends it, whatever becomes of that
            code.
        timestamp_repeats: What makes a timestamp code "repeated" (34). `code`: the same signed text was
            accepted before. `timestamp`: the same device and the same millisecond were accepted before (the
            FAQ's demand for millisecond resolution can be read so).
        freshness_first: Check challenge and timestamp (35, 33, 34) before the signature (21, 39); False the
            other way round.
        wrong_extra_code: Code when a signature was made by the right key, but over another text than ID,
            randoms and the caller's `Extra`. 39, or 21 as the FAQ folds it.
        activating_operations: Operations whose success activates a device. The others answer 32 for a device
            that was never activated.
        random_checks_state: `GetServerRandom` refuses suspended, discarded and expired devices.
        unknown_provisioning_code: `OtpGetId2`: code when no product has the device's provisioning key. 51, or
            21.
        repeated_fingerprint: `OtpGetId2` for a device fingerprint that has an ID² already. `new`: an erased
            device gets a new ID² and spends a licence, as documented for erased devices. `refuse`: 57.
        extra_max: Longest extra, bytes.
        device_challenge_max: Longest device challenge, characters.
        ciphertext_max: Longest ciphertext that a device takes, bytes; `Data` that would give more is refused
            with 36.
        body_max: Longest request body that the gateway reads, bytes.
        rights: RAM policy of an AccessKey → operations it may call; other operations answer 63.
        synchronous: SQLite's own setting for a store in a file. NORMAL survives `kill -9`; FULL survives a
            power cut too and costs a disk flush a call.

    Source: service.md 3, 4, 5 and 12; device-protocol.md a.1.
    """

    native_types: bool = False
    host_id: str = "id2.cn-shanghai.aliyuncs.com"
    clock_skew_s: int = 15 * 60
    challenge_lifetime_s: int = 10 * 60
    timestamp_window_s: int = 10 * 60
    challenge_spent_by: Literal["success", "attempt"] = "success"
    timestamp_repeats: Literal["code", "timestamp"] = "code"
    freshness_first: bool = True
    wrong_extra_code: Literal[39, 21] = 39
    activating_operations: frozenset[str] = frozenset({"Verify", "VerifyAndEncrypt"})
    random_checks_state: bool = True
    unknown_provisioning_code: Literal[51, 21] = 51
    repeated_fingerprint: Literal["new", "refuse"] = "new"
    extra_max: int = 512
    device_challenge_max: int = 128
    ciphertext_max: int = 1024
    body_max: int = 64 * 1024
    rights: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {
            "full": OPERATIONS_OF_VERIFY_POLICY | {"OtpGetId2"},
            "verify": OPERATIONS_OF_VERIFY_POLICY,
            "read-only": frozenset(),
        }
    )
    synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
