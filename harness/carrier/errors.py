"""The error of the carrier layer: what the id2_client API would have returned."""

from collections.abc import Sequence

from harness.errors import DeviceError
from harness.id2.codes import ResultCode, describe_result


class CarrierError(DeviceError):
    """A function of the ID² client API did not succeed.

    Attributes:
        result: The result code as an enum member; None for a number that no source lists.
        operation: Name of the function without `id2_client_`.
    """

    def __init__(
        self,
        operation: str,
        code: int,
        detail: str = "",
        *,
        hint: str = "",
        transport: str = "",
        traffic: Sequence[str] = (),
    ) -> None:
        described = describe_result(code)
        super().__init__(
            f"{operation} gave {described.text}: {detail or described.meaning}",
            hint=hint or described.hint,
            transport=transport,
            traffic=traffic,
            code=int(code),
        )
        self.result = ResultCode[described.name] if described.name else None
        self.operation = operation
