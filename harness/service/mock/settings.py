"""What the mock decides where the real cloud's choice is not documented: each is a named setting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.errors import UsageError

OPERATIONS_OF_VERIFY_POLICY = frozenset(
    {"GetServerRandom", "Verify", "VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData"}
)

_AT_LEAST = {
    "clock_skew_s": 1,
    "user_calls_per_second": 1,
    "challenge_lifetime_s": 1,
    "timestamp_window_s": 1,
    "extra_max": 0,
    "device_challenge_max": 1,
    "ciphertext_max": 1,
    "body_max": 1,
    "assignment_max": 1,
    "daily_limit": 1,
    "day_starts_utc_hour": 0,
    "downloads_per_fingerprint": 1,
    "downloads_per_product": 1,
    "retrieve_max": 1,
    "call_log_max": 1,
    "connections": 1,
    "request_s": 1,
    "web_requests_per_minute": 1,
    "login_attempts_per_minute": 1,
}
"""The least value of each number that makes sense; those that may be None are checked when they are given."""
_LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of the mock.

    Attributes:
        native_types: Give `Code`, `Success` and the scalars of `Data` as JSON numbers and booleans. The
            documentation's samples show strings, its tables name native types; strings are the default.
        host_id: `HostId` in the gateway's errors.
        clock_skew_s: Gateway: how far `Timestamp` may be from the service's clock, seconds. Documented: 15
            minutes.
        user_calls_per_second: Gateway: calls of one AccessKey in a second; more get `Throttling.User`. Not documented
            for ID²; by default there is no limit.
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
        spent_challenge_code: Code for a challenge that is unknown, used or too old. 35, or 21 as the FAQ folds it.
        expired_timestamp_code: Code for a timestamp outside the window. 33, or 21 as the FAQ folds it.
        repeated_timestamp_code: Code for a timestamp code that was accepted before. 34, or 21.
        key_type_must_match: Refuse devices whose key type is not the product's algorithm, with 14. Off: the
            algorithm decides what field provisioning hands out, and devices of an earlier algorithm go on.
        foreign_account_code: Code for the product of another account. 47; or 51, as if it did not exist.
        region_bound: A `RegionId` that is not the product's region finds no product (51). Calls without one
            are taken to be in the product's region.
        id2_console_name_rule: Product names of the ID² console keep the IoT Platform's rule too, since no
            other was found. Off: 1 to 64 characters.
        unique_product_names: In which consoles an account may use a product name once only. No source says
            that names are unique.
        same_validity_per_product: Orders of one product must all have the validity of its first, as an older
            page says.
        assignment_max: Most licences that one assignment gives to a product. None: as many as the pool has.
            One page of the documentation says 1000, another the account's number.
        daily_limit: Basic edition: authentications a device and day. Documented: 10. Successes are counted.
        daily_limit_code: Code for one more. Not documented; 54, whose hint (wait) is the right one.
        day_starts_utc_hour: When a day of the basic edition begins, hours UTC. Not documented; 16 is midnight
            in China.
        released_code: Code for a device that expired 15 days ago or more. Its data is gone, so 18; or 50.
        debug_devices_free: Debug ID²s use no licence and are bound to no product.
        constant_fingerprint: `OtpGetId2`: a fingerprint whose bytes are all the same (an unwritten serial
            number) is accepted, or refused with 56.
        downloads_per_fingerprint: `OtpGetId2`: how many ID²s one fingerprint gets; more are 53. None: no limit,
            because an erased device counts as a new one.
        downloads_per_product: The same for a product.
        retrieve_max: Production line: most ID²s in one retrieval. Documented: 30.
        call_log_max: Calls that the log keeps; older ones go.
        connections: Most connections at once, console and admin API included. For one more, the one goes that has been
            waiting for its request for the longest. Fewer where the limit of open files allows no more.
        request_s: How long a request may take to arrive whole, head and body, seconds.
        rights: RAM policy of an AccessKey → operations it may call; other operations answer 63.
        web_requests_per_minute: Console and admin API: requests of one peer in a minute, when a token guards
            them; more get 429.
        login_attempts_per_minute: Wrong tokens of one peer in a minute; after that even the right one is refused.
        web_hosts: Further host names under which people open the console; addresses and `localhost` always
            work. Any other name is refused: it may be somebody else's, pointed here.
        synchronous: SQLite's own setting for a store in a file. NORMAL survives `kill -9`; FULL survives a
            power cut too and costs a disk flush a call.

    Raises:
        UsageError: A number is below what makes sense; the message names the field.

    Source: service.md 3, 4, 5 and 12; device-protocol.md a.1.
    """

    native_types: bool = False
    host_id: str = "id2.cn-shanghai.aliyuncs.com"
    clock_skew_s: int = 15 * 60
    user_calls_per_second: int | None = None
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
    spent_challenge_code: Literal[35, 21] = 35
    expired_timestamp_code: Literal[33, 21] = 33
    repeated_timestamp_code: Literal[34, 21] = 34
    key_type_must_match: bool = False
    foreign_account_code: Literal[47, 51] = 47
    region_bound: bool = True
    id2_console_name_rule: bool = True
    unique_product_names: Literal["never", "iot-platform", "always"] = "never"
    same_validity_per_product: bool = False
    assignment_max: int | None = None
    daily_limit: int = 10
    daily_limit_code: Literal[54, 53, 16] = 54
    day_starts_utc_hour: int = 16
    released_code: Literal[18, 50] = 18
    debug_devices_free: bool = True
    constant_fingerprint: Literal["accept", "refuse"] = "accept"
    downloads_per_fingerprint: int | None = None
    downloads_per_product: int | None = None
    retrieve_max: int = 30
    call_log_max: int = 100_000
    connections: int = 512
    request_s: int = 20
    rights: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {
            "full": OPERATIONS_OF_VERIFY_POLICY | {"OtpGetId2", "Activate", "RetrieveId2", "ReturnId2"},
            "verify": OPERATIONS_OF_VERIFY_POLICY,
            "read-only": frozenset(),
        }
    )
    web_requests_per_minute: int = 600
    login_attempts_per_minute: int = 10
    web_hosts: frozenset[str] = frozenset()
    synchronous: Literal["NORMAL", "FULL"] = "NORMAL"

    def __post_init__(self) -> None:
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"setting {name} must be {least} or more, not {value}")
        if self.day_starts_utc_hour > _LAST_HOUR:
            raise UsageError(
                f"setting day_starts_utc_hour must be 0 to {_LAST_HOUR}, not {self.day_starts_utc_hour}"
            )
