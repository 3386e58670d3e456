"""Seed files: AccessKeys, products and devices that a mock starts with."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from harness.errors import UsageError
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.plain_words import plain
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.mock import token
from harness.service.mock.admin.admin import Admin
from harness.service.mock.store.devices import DeviceState
from harness.service.mock.store.products import DEFAULT_REGION, Edition, NodeType, Registration
from harness.settings import yaml_file

SeedState = Literal[
    DeviceState.UNKNOWN,
    DeviceState.BURNT,
    DeviceState.ACTIVATED,
    DeviceState.SUSPENDED,
    DeviceState.DISCARDED,
    DeviceState.EXPIRED,
]
"""States that need no history; `bound` comes by a success, `burning` by a production line."""


_KIND = yaml_file.FileKind("a seed file", max_bytes=16 << 20, max_values=1_000_000, has_secrets=True)
_WORD = re.compile(r"[a-z_]{1,24}")
_PLANTED_ALREADY = "leave --seed out: the store has what it needs already; or take a new --db"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeedAccessKey(_Model):
    """An AccessKey."""

    id: Annotated[str, Field(min_length=1, max_length=64, description="AccessKey id")]
    secret: Annotated[SecretStr, Field(min_length=1, description="AccessKey secret")]
    policy: Annotated[Literal["full", "read-only", "verify"], Field(description="RAM policy")] = "full"


class SeedProduct(_Model):
    """A product and its licences."""

    product_key: Annotated[str, Field(description="`a1` and 9 letters or digits")]
    product_secret: Annotated[
        SecretStr, Field(description="in the form of a provisioning token, 32 characters or more")
    ]
    name: Annotated[str, Field(description="name in the console")]
    console: Annotated[Literal["id2", "iot-platform"], Field(description="where it was created")] = "id2"
    algorithm: Annotated[KeyType, Field(description="device authentication algorithm")] = KeyType.AES_128
    licences: Annotated[int, Field(ge=0, le=1_000_000, description="licences bought along with it")] = 0
    years: Annotated[Literal["1", "3", "5"], Field(description="their validity, years from first use")] = "1"
    trial: Annotated[bool, Field(description="the licences are a free trial")] = False
    auto_renew: Annotated[bool, Field(description="renew expired devices that call again")] = True
    region: Annotated[str, Field(description="where product and licences are")] = DEFAULT_REGION
    edition: Annotated[Edition, Field(description="basic: 10 authentications a device and day")] = (
        Edition.STANDARD
    )
    node_type: Annotated[NodeType | None, Field(description="iot-platform only")] = None
    instance_id: Annotated[str | None, Field(description="iot-platform only; '-' is the public one")] = None
    registration: Annotated[Registration, Field(description="iot-platform only")] = Registration.AUTO


class SeedDevice(_Model):
    """A device, burnt by default."""

    id: Annotated[str, Field(description="ID²")]
    key_type: Annotated[KeyType, Field(description="type of its key")]
    key: Annotated[SecretStr, Field(description="hex digits, or PEM or JSON for RSA")]
    state: Annotated[SeedState, Field(description="state of its ID²")] = DeviceState.BURNT


class Seed(_Model):
    """A seed file."""

    access_keys: list[SeedAccessKey] = []
    products: list[SeedProduct] = []
    devices: list[SeedDevice] = []


def load(path: Path) -> Seed:
    """Read and check a seed file.

    Raises:
        UsageError: Not there, not YAML, or a field that is wrong; the message names file and field, never a
            secret.
    """
    try:
        document = yaml_file.load(path, _KIND)
    except UsageError as error:
        raise UsageError(f"seed file {error.message}") from None
    return _checked(document)


def parse(text: str, file: str) -> tuple[Seed, yaml_file.Document]:
    """Check the text of a seed file, and return it with the places of its fields.

    Raises:
        UsageError: As for `load`.
    """
    document = yaml_file.parse(text, file, _KIND)
    return _checked(document), document


def _checked(document: yaml_file.Document) -> Seed:
    try:
        return Seed.model_validate(document.to_data() or {})
    except ValidationError as error:
        problems = [
            f"{_field(_shown(problem['loc'], problem['type']))}: {plain(problem['msg'])}"
            for problem in error.errors(include_input=False)
        ]
        raise UsageError(
            f"seed file {document.file}: {'; '.join(problems[:8])}",
            hint="it has access_keys, products and devices; docs/service.md shows one",
        ) from None


def plant(seed: Seed, admin: Admin, path: Path) -> None:
    """Put a seed into a mock; what is there already, with the same values, stays as it is.

    Args:
        seed: What to put in.
        admin: Where to put it.
        path: Named in errors.

    Raises:
        UsageError: A value is outside its form, or is there already with other values.
    """
    for number, access_key in enumerate(seed.access_keys):
        with _at(path, f"access_keys[{number}]"):
            plant_one(access_key, admin)
    for number, product in enumerate(seed.products):
        with _at(path, f"products[{number}]"):
            plant_one(product, admin)
    for number, device in enumerate(seed.devices):
        with _at(path, f"devices[{number}]"):
            _plant_device(device, admin)


def plant_one(seed: SeedAccessKey | SeedProduct, admin: Admin, *, only_check: bool = False) -> bool:
    """Put an AccessKey or a product into a mock, and tell whether it was not there already.

    Args:
        seed: What to put in.
        admin: Where to put it.
        only_check: Put nothing in; the answer and the errors are the same.

    Raises:
        UsageError: As for `plant`; the message does not say where in the file.
    """
    if isinstance(seed, SeedProduct):
        return _plant_product(seed, admin, only_check=only_check)
    wanted = AccessKey(seed.id, _secret(seed.secret))
    found = admin.access_key(seed.id)
    if found is None:
        if not only_check:
            admin.create_access_key(seed.policy, key=wanted)
        return True
    there, policy = found
    _require_same(f"AccessKey {seed.id}", secret=there == wanted, policy=policy == seed.policy)
    return False


def _plant_product(seed: SeedProduct, admin: Admin, *, only_check: bool) -> bool:
    found = admin.find_product(seed.product_key)
    secret = _secret(seed.product_secret)
    try:
        token.parse(secret)
    except UsageError as error:
        raise UsageError(f"product_secret: {error.message}") from None
    if found is None:
        admin.create_product(
            seed.name,
            console=seed.console,
            algorithm=seed.algorithm,
            licences=seed.licences,
            years=int(seed.years),
            trial=seed.trial,
            auto_renew=seed.auto_renew,
            region=seed.region,
            edition=seed.edition,
            node_type=seed.node_type,
            instance_id=seed.instance_id,
            registration=seed.registration,
            product_key=seed.product_key,
            product_secret=secret,
            only_check=only_check,
        )
        return True
    # Licences and the algorithm, with its digit in the ProductSecret, are not compared: what the console
    # did to them since then is the store's own history.
    _require_same(
        f"product {seed.product_key}",
        product_secret=token.with_key_type(secret, found.algorithm)
        == token.with_key_type(found.product_secret, found.algorithm),
        name=seed.name == found.name,
        console=seed.console == found.console,
    )
    return False


def _plant_device(seed: SeedDevice, admin: Admin) -> None:
    key = Key.parse(seed.key_type, seed.key.get_secret_value())
    found = admin.find_device(seed.id)
    if found is None:
        admin.add_device(seed.id, key)
        if seed.state is not DeviceState.BURNT:
            admin.set_device_state(seed.id, seed.state)
        return
    _require_same(f"device {seed.id}", key=found.key == key)


def _require_same(what: str, **same: bool) -> None:
    """Check that what is in the store is what the seed calls by the same name.

    Raises:
        UsageError: It is not; the message names each field that differs, and no value.
    """
    other = [field for field, is_same in same.items() if not is_same]
    if other:
        raise UsageError(
            f"{what} is in the store already, with another {' and another '.join(other)}",
            hint=_PLANTED_ALREADY,
        )


@contextlib.contextmanager
def _at(path: Path, where: str) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise UsageError(f"seed file {path}: {where}: {error.message}", hint=error.hint) from None
    except Id2Error as error:
        raise UsageError(f"seed file {path}: {where}: {error}") from None


def _secret(value: SecretStr) -> Secret:
    return Secret(value.get_secret_value())


def _shown(location: tuple[int | str, ...], problem: str) -> tuple[int | str, ...]:
    """Return the place of a problem without a name of no field: `secret:VALUE`, with its blank missing, is one."""
    *before, last = location or ("",)
    if problem != "extra_forbidden" or not isinstance(last, str):
        return location
    return location if _WORD.fullmatch(last) else (*before, "…")


def _field(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "the whole file"
