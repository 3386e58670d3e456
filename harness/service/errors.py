"""What can go wrong between the harness and the ID² service, and who must act."""

from typing import ClassVar

from harness.errors import Outcome, ServiceError
from harness.id2.codes import ServiceCode, describe_service


class ServiceRefusal(ServiceError):  # noqa: N818 - named by the design
    """The ID² service understood the call and refused it with one of its codes.

    Attributes:
        code: The service's code; a plain `int` when it is none of the documented ones.
        operation: The operation that was refused.
        request_id: The service's own name for the call; quote it to the service's support.

    Source: service.md 4.4.
    """

    code: ServiceCode | int

    def __init__(self, code: ServiceCode | int, *, operation: str, request_id: str = "") -> None:
        known = describe_service(code)
        super().__init__(
            f"{operation} refused with code {known.text}: {known.meaning}",
            hint=known.hint or f"quote request id {request_id or '(none given)'} to the service's support",
            code=code,
        )
        self.operation = operation
        self.request_id = request_id


ACCOUNT_CODES = frozenset(
    {
        ServiceCode.NO_QUOTA,
        ServiceCode.NO_RIGHT,
        ServiceCode.PRODUCT_CODE,
        ServiceCode.NO_PRODUCT,
        ServiceCode.RAM_RIGHT,
    }
)
"""Codes that are about the account, its product and its licences, whatever the device sent. Source: service.md 4.4."""


class AccountRefusal(ServiceRefusal):
    """The service refused for one of `ACCOUNT_CODES`, under an account that the harness did not set up.

    It says nothing about the device. The mock's account is the harness's own and in order, so there the same code
    is a plain `ServiceRefusal`: something in what was sent must have brought it about.
    """

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3


class GatewayRefusal(ServiceError):  # noqa: N818 - a sibling of ServiceRefusal
    """The gateway in front of the service stopped the call: account, signature, clock or parameters.

    It says nothing about the device.

    Attributes:
        name: The gateway's error code, for example `SignatureDoesNotMatch`.
        status: HTTP status.
        operation: The operation that was called.
        request_id: The gateway's own name for the call.
    """

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3
    who_acts = "the owner of the AccessKey"

    def __init__(self, name: str, message: str, *, status: int, operation: str, request_id: str = "") -> None:
        super().__init__(
            f"{operation} stopped at the gateway (HTTP {status}, {name}): {message}", hint=_gateway_hint(name)
        )
        self.name = name
        self.status = status
        self.operation = operation
        self.request_id = request_id


class ServiceUnavailable(ServiceError):  # noqa: N818 - named by the design
    """Nothing usable answered at the endpoint: it says nothing about the device.

    Attributes:
        sent: Whether the call may have reached the service and taken effect there.
    """

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3
    who_acts = "the person who runs the service or the network"

    def __init__(self, message: str, *, hint: str = "", sent: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class RationSpent(ServiceError):  # noqa: N818 - a sibling of ServiceUnavailable
    """The device has had its authentications of the day: nothing was sent, and it says nothing about the device."""

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3
    who_acts = "the person who plans the runs: wait for the next day"


_HINTS = {
    "InvalidAccessKeyId.NotFound": "check the AccessKey id: the service does not know it",
    "InvalidAccessKeyId.Inactive": "the AccessKey is switched off; switch it on or use another one",
    "SignatureDoesNotMatch": "check the AccessKey secret: it does not belong to this AccessKey id",
    "InvalidTimeStamp.Expired": "set this computer's clock: it is 15 minutes or more away from the service's",
    "SignatureNonceUsed": "call again: every call needs its own nonce (was a recorded call replayed?)",
    "InvalidAccessKeyId": "check the AccessKey id: the service does not know it",
    "IncompleteSignature": "the call's signature was cut on its way; is a proxy changing headers?",
    "InvalidTimeStamp.Format": "set this computer's clock: the service does not read its time",
    "IllegalTimestamp": "set this computer's clock: it is 15 minutes or more away from the service's",
    "InvalidSecurityToken.Expired": "the temporary credentials have run out; get new ones",
    "InvalidSecurityToken.Malformed": "the security token is damaged; get new temporary credentials",
    "InvalidSecurityToken.MismatchWithAccessKey": "the security token belongs to another AccessKey",
    "Forbidden.RAM": "give the account's RAM user the policy AliyunIOTIDFullAccess",
    "NoPermission": "give the account's RAM user the policy AliyunIOTIDFullAccess",
    "InvalidRegionId": "the service is not in this region; check service.region (cn-shanghai is the known one)",
    "InvalidRegion.NotFound": "the service is not in this region; check service.region",
    "InvalidVersion": "the endpoint serves another product or API version; check the endpoint",
    "InvalidAction.NotFound": "the endpoint does not know this operation; check the endpoint",
}


def _gateway_hint(name: str) -> str:
    if name in _HINTS:
        return _HINTS[name]
    if name.startswith("Missing"):
        return f"the call lacks the parameter {name.removeprefix('Missing')}"
    if name.startswith("InvalidSecurityToken"):
        return "get new temporary credentials"
    if name.startswith("Throttling"):
        return "wait, then call more slowly"
    return "look the code up in the cloud's list of common gateway errors"
