"""The ID² service that the board is authenticated against, and the product it belongs to there."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from harness.board.models.references import SecretReference
from harness.board.models.words import Section, Text, wrong
from harness.id2.keys import KeyType

MOCK = "mock"


def _endpoint(value: str) -> str:
    if value == MOCK:
        return value
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong("is not a URL; write mock, or the service's address such as https://HOST") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", value):
        raise wrong("must be mock, or the service's address such as https://HOST")
    if parts.username is not None or parts.password is not None:
        raise wrong("carries no user and password; they belong in access_key, by reference")
    return value


class AccessKey(Section):
    """The AccessKey of the Alibaba Cloud account that owns the product, by reference."""

    id: SecretReference = Field(description="The AccessKey id.")
    secret: SecretReference = Field(description="The AccessKey secret.")


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
        description="`mock` for the service that the harness brings along, or the URL of the real one.",
    )
    region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")] = Field(
        default="cn-shanghai", description="Region id of the real service."
    )
    product: Product = Field(default_factory=Product, description="The product that the device belongs to.")
    access_key: AccessKey | None = Field(
        default=None, description="AccessKey of the account; the real service needs it."
    )

    @model_validator(mode="after")
    def _real_service_is_complete(self) -> Self:
        if self.is_mock:
            return self
        if self.access_key is None:
            raise wrong("the real service needs access_key: {id: {env: NAME}, secret: {env: NAME}}")
        if self.product.product_key is None:
            raise wrong("the real service needs product: {product_key: …}")
        return self

    @property
    def is_mock(self) -> bool:
        """True when the harness brings the service along."""
        return self.endpoint == MOCK
