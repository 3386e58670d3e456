"""What the admin API takes and gives, as pydantic models: they are its OpenAPI description too.

Times are milliseconds since 1970 by the service's clock.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictBool

from harness.id2.keys import KeyType
from harness.service.mock.faults import FaultKind
from harness.service.mock.importing.importing import FileKind
from harness.service.mock.importing.rows import Thing
from harness.service.mock.store.access import Policy
from harness.service.mock.store.devices import DeviceState
from harness.service.mock.store.products import Console, Edition, NodeType, Registration


def _whole_number(value: object) -> object:
    """Read what JSON Schema calls an integer, `3.0` included; texts and booleans are none."""
    if isinstance(value, bool | str):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic turns only this kind into its own error
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole_number)
ProductKey = Annotated[str, Field(pattern=r"^a1[A-Za-z0-9]{9}$", description="`a1` and 9 letters or digits")]
Id2 = Annotated[
    str,
    Field(
        min_length=24,
        max_length=48,
        pattern=r"^[!-~]{24,48}$",
        description="ID²: 24 hex digits, or 25 to 48 characters of the PUF form",
    ),
]
Years = Annotated[Literal[1, 3, 5], Field(description="validity from first use, years"), WHOLE]
Quantity = Annotated[int, Field(ge=1, le=1_000_000, description="number of licences"), WHOLE]
Region = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$", description="region id")]
Base64Text = Annotated[
    str,
    Field(
        max_length=4096,
        pattern=r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        description="Base64",
    ),
]
Account = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$", description="cloud account of the owner")]


class RequestBody(BaseModel):
    """A body that a caller sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseBody(BaseModel):
    """A body that is answered, read from the attributes of the store's own records."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Problem(ResponseBody):
    """Why a request was not done."""

    error: str
    hint: str = ""


# ---- products
class NewProduct(RequestBody):
    """A product to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "door_lock", "licences": 3}]})

    name: Annotated[
        str, Field(min_length=1, max_length=64, description="4 to 30 positions; Chinese counts two")
    ]
    console: Console = Console.ID2
    algorithm: KeyType = KeyType.AES_128
    licences: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] = 0
    years: Years = 1
    product_key: ProductKey | None = None
    product_secret: SecretStr | None = None
    region: Region = "cn-shanghai"
    edition: Edition = Edition.STANDARD
    node_type: NodeType | None = None
    instance_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    registration: Registration = Registration.AUTO
    trial: StrictBool = False
    account: Account = "main"


class Product(ResponseBody):
    """A product, without its secret."""

    product_key: str
    name: str
    console: Console
    algorithm: KeyType
    region: str
    edition: Edition
    account: str
    node_type: NodeType | None
    instance_id: str | None
    registration: Registration
    auto_renew: bool
    otp_enabled: bool
    created_ms: int


class ProductSecret(ResponseBody):
    """A ProductSecret in clear."""

    product_secret: str


class ProductChange(RequestBody):
    """What can be changed of a product; fields that are left out stay."""

    algorithm: KeyType | None = None
    auto_renew: StrictBool | None = None
    otp_enabled: StrictBool | None = None


class RegistrationChange(RequestBody):
    """How devices get into a product; the whitelist needs a confirmation to be switched on."""

    mode: Registration
    confirmed: StrictBool = False


class Names(RequestBody):
    """Device names for a whitelist."""

    names: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@-]{4,32}$")]], Field(min_length=1, max_length=1000)
    ]


# ---- licences


class Purchase(RequestBody):
    """Licences to buy for a product."""

    quantity: Quantity
    years: Years = 1
    trial: StrictBool = False


class AccountPurchase(RequestBody):
    """Licences to buy for the account, to be assigned later."""

    quantity: Quantity
    years: Years = 1
    region: Region = "cn-shanghai"


class Assignment(RequestBody):
    """Licences of the account to give to a product."""

    product_key: ProductKey
    quantity: Quantity


# ---- devices
class NewDevice(RequestBody):
    """A burnt device to make known."""

    id2: Id2
    key_type: KeyType
    key: Annotated[SecretStr, Field(min_length=1, max_length=8192, description="hex, or PEM or JSON for RSA")]


class FileToImport(RequestBody):
    """A file with devices whose keys are known, as the console takes it."""

    text: Annotated[SecretStr, Field(min_length=1, description="what the file holds")]
    kind: Annotated[FileKind | None, Field(description="what it is; found out when left out")] = None
    key_type: Annotated[KeyType | None, Field(description="burn list: of lines that name none")] = None
    board_key: Annotated[
        SecretStr | None, Field(max_length=8192, description="board file: the key of its device")
    ] = None
    only_check: Annotated[StrictBool, Field(description="make nothing, say what would be made")] = False
    leave_out_wrong: Annotated[
        StrictBool, Field(description="make the rest of a file that has wrong rows; else nothing is made")
    ] = False


class WrongRow(ResponseBody):
    """A row of a file that is not imported."""

    line: int
    thing: Thing
    name: str
    problem: str


class Imported(ResponseBody):
    """What a file came to; of wrong rows the first 1,000."""

    kind: FileKind
    new: Annotated[int, Field(description="made, or with `only_check` to be made")]
    same: Annotated[int, Field(description="there already, just so")]
    wrong: int
    wrong_rows: list[WrongRow]
    columns_not_read: list[str]


class Device(ResponseBody):
    """A device, without its key; its state has the end of validity applied."""

    id2: str
    key_type: KeyType
    state: DeviceState
    product_key: str | None
    licence_id: int | None
    activated_ms: int | None
    expires_ms: int | None


class DevicePage(ResponseBody):
    """Some of the devices, and how many there are."""

    devices: list[Device]
    total: int


class StateChange(RequestBody):
    """The state to put a device into."""

    state: DeviceState


class NewDebugDevice(RequestBody):
    """The key type of a debug device."""

    key_type: KeyType = KeyType.AES_128


class DebugDevice(ResponseBody):
    """A debug device with its key in clear; never for production."""

    id2: str
    key_type: KeyType
    key: str


# ---- access, clock, calls, faults
class NewAccessKey(RequestBody):
    """An AccessKey to make."""

    policy: Policy = Policy.FULL
    account: Account = "main"


class AccessKeyInfo(ResponseBody):
    """An AccessKey without its secret."""

    id: str
    policy: Policy
    account: str
    created_ms: int


class AccessKeyMade(ResponseBody):
    """A new AccessKey; only this answer shows its secret."""

    id: str
    secret: str
    policy: Policy
    account: str


class NewTemporaryKey(RequestBody):
    """A temporary AccessKey (STS) to make."""

    policy: Policy = Policy.FULL
    account: Account = "main"
    lifetime_s: Annotated[
        int, Field(ge=900, le=43_200, description="seconds, as the cloud allows"), WHOLE
    ] = 3600


class TemporaryKey(ResponseBody):
    """A temporary AccessKey with its token."""

    id: str
    secret: str
    token: str
    expires_ms: int


class ClockMove(RequestBody):
    """By how much to move the service's clock."""

    move_s: Annotated[
        int, Field(ge=-315_360_000, le=315_360_000, description="seconds, up to ten years"), WHOLE
    ]


class ClockTime(ResponseBody):
    """The service's time."""

    now_ms: int


class NewFault(RequestBody):
    """A fault switch to set."""

    kind: FaultKind
    operation: Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9]{1,64})$")] = "*"
    count: (
        Annotated[int, Field(ge=1, le=1_000_000, description="calls it strikes; null for all"), WHOLE] | None
    ) = 1
    latency_ms: Annotated[int, Field(ge=0, le=600_000), WHOLE] = 0
    code: Annotated[int, Field(ge=1, le=9999), WHOLE] = 54
    after: Annotated[int, Field(ge=0, le=1_000_000, description="calls it lets through first"), WHOLE] = 0
    after_effect: StrictBool = False


class Fault(ResponseBody):
    """A fault switch that is on."""

    id: int
    kind: FaultKind
    operation: str
    count: int | None
    latency_ms: int
    code: int
    after: int
    after_effect: bool
    struck: int
    passed: int


# ---- production lines
class NewVendor(RequestBody):
    """A chip or module vendor to register."""

    code: Annotated[str, Field(pattern=r"^[0-9A-F]{4}$", description="vendor code as chips carry it")]
    name: Annotated[str, Field(max_length=64)] = ""


class NewBurnLicence(RequestBody):
    """A burn licence to grant."""

    vendor: Annotated[str, Field(pattern=r"^[0-9A-F]{4}$")]
    product_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="chip or module model")]
    quota: Quantity
    key_type: KeyType = KeyType.AES_128
    public_key: Annotated[str, Field(max_length=4096, description="RSA public key of the line, PEM")]


class Retrieval(RequestBody):
    """What a production line sends to get ID²s."""

    licence: Annotated[str, Field(min_length=1, max_length=128)]
    count: Annotated[int, Field(ge=1, le=1000, description="at most 30 are given"), WHOLE]
    sign: Base64Text


class BurnItem(ResponseBody):
    """One ID² for a line."""

    id2: str
    private_key: str
    kcv: str


class Receipt(RequestBody):
    """A line's word that an ID² is in its chip."""

    id2: Id2
    key_source: Literal[0, 1]
    proof: Base64Text


class Receipts(RequestBody):
    """Receipts, taken all or none."""

    licence: Annotated[str, Field(min_length=1, max_length=128)]
    receipts: Annotated[list[Receipt], Field(min_length=1, max_length=1000)]
