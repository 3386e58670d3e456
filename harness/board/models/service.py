"""The ID² service that the board is authenticated against, and the product it belongs to there."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from harness.id2.keys import KeyType
from harness.settings.references import SecretReference
from harness.settings.words import PathText, Section, Text, wrong

MOCK = "mock"
REAL = "real"
CHAIN = "env"

_REAL_ENDPOINT = "https://id2.{region}.aliyuncs.com"
"""Host of the real service. Known for cn-shanghai alone; the other regions follow the cloud's own pattern.

Source: service.md 4.1.
"""


def _endpoint(value: str) -> str:
    if value in (MOCK, REAL):
        return value
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong("is not a URL; write mock, real, or a service's address such as https://HOST") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", value):
        raise wrong("must be mock, real, or a service's address such as https://HOST")
    if parts.username is not None or parts.password is not None:
        raise wrong("carries no user and password; they belong in access_key, by reference")
    return value


def _chain(value: object) -> object:
    return {"chain": CHAIN} if value == CHAIN else value


class AccessKey(Section):
    """The AccessKey of the account that owns the product: by reference, or `env` for the cloud's own chain."""

    chain: Literal["env"] | None = Field(
        default=None,
        description="`access_key: env` is short for `{chain: env}`: the first that is there of the cloud's "
        "own variables (`ALIBABA_CLOUD_ACCESS_KEY_ID` and `…_SECRET`), its command line's profile, and its "
        "credentials file.",
    )
    id: SecretReference | None = Field(default=None, description="The AccessKey id.")
    secret: SecretReference | None = Field(default=None, description="The AccessKey secret.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.chain is None and (self.id is None or self.secret is None):
            raise wrong("needs id and secret, each {env: NAME} or {file: PATH}; or write access_key: env")
        if self.chain is not None and (self.id is not None or self.secret is not None):
            raise wrong("says both env and id or secret; write only one of them")
        return self


class Product(Section):
    """The product in the ID² console. The mock creates it; in the real service it exists already."""

    name: Text = Field(
        default="virtual_product", description="Name of the product, for reports and for the mock."
    )
    product_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = Field(
        default=None, description="ProductKey; the mock makes one when it is left out."
    )
    product_secret: SecretReference | None = Field(
        default=None,
        description="ProductSecret, for field provisioning and iTLS; the mock makes one when it is left out.",
    )
    algorithm: KeyType | None = Field(
        default=None,
        description="Device authentication algorithm of the product; the plan's key type when left out.",
    )
    licences: int = Field(
        default=10, description="Licences that the mock gives the product.", ge=0, le=1_000_000
    )
    validity_years: Literal[1, 3, 5] = Field(
        default=5, description="Years that a licence of the mock is valid: 1, 3 or 5."
    )

    @model_validator(mode="before")
    @classmethod
    def _years_from_text(cls, value: object) -> object:
        # A Literal of numbers does not read text, and everything in a board file starts as text.
        if isinstance(value, dict) and value.get("validity_years") in ("1", "3", "5"):
            return {**value, "validity_years": int(value["validity_years"])}
        return value


class Service(Section):
    """The ID² service."""

    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        default=MOCK,
        description="`mock` for the service that the harness brings along, `real` for the cloud's in `region`, "
        "or the URL of one, which is treated as the real one is.",
    )
    region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")] = Field(
        default="cn-shanghai", description="Region id of the real service."
    )
    ca: PathText | None = Field(
        default=None,
        description="Certificates (PEM) that the service's certificate is checked against instead of the "
        "public ones; relative to this file.",
    )
    timeout_s: float = Field(
        default=10.0, description="How long the real service may take to connect and to answer.", gt=0, le=120
    )
    ledger: PathText | None = Field(
        default=None,
        description="File that counts the authentications of every device, shared by all runs against the "
        "real service; relative to this file. Left out: one for this user on this machine.",
    )
    activated: bool = Field(
        default=False,
        description="The device was authenticated under this product before, so that doing it again spends "
        "no licence of the real service.",
    )
    product: Product = Field(default_factory=Product, description="The product that the device belongs to.")
    access_key: Annotated[
        AccessKey | None, BeforeValidator(_chain, json_schema_input_type=AccessKey | Literal["env"] | None)
    ] = Field(default=None, description="AccessKey of the account; the real service needs it.")

    @model_validator(mode="after")
    def _real_service_is_complete(self) -> Self:
        if self.is_mock:
            return self
        if self.access_key is None:
            raise wrong("the real service needs access_key: env, or {id: {env: NAME}, secret: {env: NAME}}")
        if self.product.product_key is None:
            raise wrong("the real service needs product: {product_key: …}")
        return self

    @property
    def is_mock(self) -> bool:
        """True when the harness brings the service along."""
        return self.endpoint == MOCK

    @property
    def url(self) -> str:
        """Address of the real service; empty for the mock, whose address is known when it runs."""
        if self.is_mock:
            return ""
        return _REAL_ENDPOINT.format(region=self.region) if self.endpoint == REAL else self.endpoint
