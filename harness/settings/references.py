"""Where a key or a secret is to be found. The value itself is never in a board file."""

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, WithJsonSchema, model_validator

from harness.id2 import published
from harness.id2.keys import KeyType
from harness.settings.words import EnvName, PathText, Section, Word, wrong

NEVER_INLINE = "a key or secret is never written in a board file; write"


def _is_published(key_type: KeyType) -> KeyType:
    if key_type not in published.KEYS:
        raise wrong(
            f"the vendor published no key of type {key_type}; published are {', '.join(published.KEYS)}"
        )
    return key_type


PublishedKeyType = Annotated[
    KeyType,
    AfterValidator(_is_published),
    WithJsonSchema({"type": "string", "enum": [key_type.value for key_type in published.KEYS]}),
]


class Reference(Section):
    """Says where a value is to be found, in exactly one of its ways."""

    ways: ClassVar[str]
    """The ways as a person writes them."""

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise wrong(f"{NEVER_INLINE} {cls.ways}")
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if not given:
            raise wrong(f"is empty; write {self.ways}")
        if len(given) > 1:
            raise wrong(f"says {' and '.join(given)}; write only one of them")
        return self


class SecretReference(Reference):
    """A secret, by reference: from the environment or from a file that only its owner can read."""

    ways: ClassVar[str] = "{env: NAME} or {file: PATH}"

    env: EnvName | None = Field(
        default=None, description="Name of the environment variable that holds the secret."
    )
    file: PathText | None = Field(
        default=None,
        description="File that holds the secret and nothing else, mode 0600 or stricter; relative to "
        "this file.",
    )


class PinReference(Reference):
    """A PIN, by reference: its characters, or `0x` and hex digits."""

    ways: ClassVar[str] = "{env: NAME}, {file: PATH} or {simulated: TRANSPORT}"

    env: EnvName | None = Field(
        default=None, description="Name of the environment variable that holds the PIN."
    )
    file: PathText | None = Field(
        default=None,
        description="File that holds the PIN and nothing else, mode 0600 or stricter; relative to this file.",
    )
    simulated: Word | None = Field(
        default=None, description="Name of a simulated transport of this board: the PIN that its chip has."
    )


class DeviceKeyReference(Reference):
    """The ID² key of the device, by reference. Needed to recompute its codes; few real devices have one."""

    ways: ClassVar[str] = "{env: NAME}, {file: PATH} or {published: KEY-TYPE}"

    public: Annotated[str, StringConstraints(pattern=r"^(04)?([0-9A-Fa-f]{2}){48,64}$")] | None = Field(
        default=None,
        description="The public key of an ECC or SM2 key, `04` and the coordinates X and Y as hex digits, in quotes: "
        "all that codes are verified with, and no secret.",
    )
    env: EnvName | None = Field(
        default=None,
        description="Name of the environment variable that holds the key (hex digits, or PEM for RSA).",
    )
    file: PathText | None = Field(
        default=None,
        description="File that holds the key and nothing else, mode 0600 or stricter; relative to this file.",
    )
    published: PublishedKeyType | None = Field(
        default=None, description="The vendor's published debug key of this type. Never in a product."
    )
    simulated: Word | None = Field(
        default=None,
        description="Name of a simulated transport of this board: the same key as its device has.",
    )


class SimulatedKeyReference(Reference):
    """The key of a simulated device: a reference, or a test key that no real device has."""

    ways: ClassVar[str] = (
        "{published: KEY-TYPE}, {env: NAME}, {file: PATH}, or {test_key: HEX} for a key that no real device has"
    )

    env: EnvName | None = Field(
        default=None,
        description="Name of the environment variable that holds the key (hex digits, or PEM for RSA).",
    )
    file: PathText | None = Field(
        default=None,
        description="File that holds the key and nothing else, mode 0600 or stricter; relative to this file.",
    )
    published: PublishedKeyType | None = Field(
        default=None, description="The vendor's published debug key of this type."
    )
    test_key: SecretStr | None = Field(
        default=None,
        description="A test key as hex digits. Only here, and never for a key that a real device holds: "
        "everyone who can read the board file has it.",
    )
