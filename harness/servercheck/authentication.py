"""What was seen of a server in one authentication: its calls to the service, its requests to the device's link."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.secret import Secret
from harness.service.mock.store.calls import CallRecord

VERIFYING = ("Verify", "VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData")
"""Operations that judge a device's code."""

SUCCESS = "200"
CHALLENGE_TYPES = ("0", "2")
TIMESTAMP_TYPES = ("1", "3")


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One request of the server to the device's link.

    Attributes:
        path: What was asked, e.g. `/challenge-code`.
        target: The request target as it came, with its query.
        fields: What the request said.
        answer: What the device answered; empty when it refused.
        accepted: Whether the device took it; False for a server code that it refused.
        plain: What the device decrypted, for `/decrypt`.
    """

    path: str
    target: str
    fields: Mapping[str, str]
    answer: Mapping[str, str] = field(default_factory=dict)
    accepted: bool = True
    plain: Secret | None = None


@dataclass(frozen=True, slots=True)
class ServerSetup:
    """What the server was given to work with.

    Attributes:
        product_key: The product.
        access_key_id: Who it calls as.
        secrets: Values that must stand in no URL, each with its name for people.
    """

    product_key: str
    access_key_id: str
    secrets: tuple[tuple[str, Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class Authentication:
    """One authentication, from the trigger to the server's decision.

    Attributes:
        id2: The device that was to be authenticated.
        calls: Calls to the service, oldest first.
        asked: Requests to the device's link, oldest first.
        accepted: Whether the server took the device.
        decided: Whether it decided in time.
        detail: How it said so, for people.
    """

    id2: str
    calls: tuple[CallRecord, ...]
    asked: tuple[DeviceRequest, ...]
    accepted: bool
    decided: bool = True
    detail: str = ""

    @property
    def verifications(self) -> tuple[CallRecord, ...]:
        """The calls that had a code of the device judged."""
        return tuple(call for call in self.calls if call.operation in VERIFYING)

    @property
    def successes(self) -> tuple[CallRecord, ...]:
        """Those of them that the service answered with 200."""
        return tuple(call for call in self.verifications if call.code == SUCCESS)

    def requests(self, path: str) -> tuple[DeviceRequest, ...]:
        """Return what the device's link was asked at `path`."""
        return tuple(request for request in self.asked if request.path == path)


def code_of(call: CallRecord) -> str:
    """Return the device's code in a call; empty when it has none."""
    return call.parameters.get("AuthCode", call.parameters.get("DeviceAuthCode", ""))


def random_of(call: CallRecord, types: tuple[str, ...]) -> str | None:
    """Return the challenge or the time inside the code of a call, None for a code of another type."""
    if call.operation not in VERIFYING:
        return None
    fields = code_of(call).split("~")
    return fields[3] if len(fields) == 5 and fields[0] in types else None


def data_digests(one: Authentication) -> set[str]:
    """Return the digests of the session keys that were given to the service."""
    return {call.parameters["Data"] for call in one.calls if "Data" in call.parameters}


def digest(value: Secret) -> str:
    """Return the form in which the call log keeps `Data`."""
    return "sha256:" + hashlib.sha256(value.reveal()).hexdigest()
