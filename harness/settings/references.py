"""Where a key or a secret is to be found. The value itself is never in a board file."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

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


def _exactly_one(section: Section, advice: str) -> None:
    given = [name for name in type(section).model_fields if getattr(section, name) is not None]
    if not given:
        raise wrong(f"is empty; write {advice}")
    if len(given) > 1:
        raise wrong(f"says {' and '.join(given)}; write only one of them")


class SecretReference(Section):
    """A secret, by reference: from the environment or from a file that only its owner can read."""

    env: EnvName | None = Field(
        default=None, description="Name of the environment variable that holds the secret."
    )
    file: PathText | None = Field(
        default=None,
        description="File that holds the secret and nothing else, mode 0600 or stricter; relative to "
        "this file.",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise wrong(f"{NEVER_INLINE} {{env: NAME}} or {{file: PATH}}")
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, "{env: NAME} or {file: PATH}")
        return self


class PinReference(Section):
    """A PIN, by reference: its characters, or `0x` and hex digits."""

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

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise wrong(f"{NEVER_INLINE} {{env: NAME}} or {{file: PATH}}")
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, "{env: NAME}, {file: PATH} or {simulated: TRANSPORT}")
        return self


class DeviceKeyReference(Section):
    """The ID² key of the device, by reference. Needed to recompute its codes; few real devices have one."""

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

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise wrong(f"{NEVER_INLINE} {{env: NAME}}, {{file: PATH}} or {{published: KEY-TYPE}}")
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, "{env: NAME}, {file: PATH} or {published: KEY-TYPE}")
        return self


class SimulatedKeyReference(Section):
    """The key of a simulated device: a reference, or a test key that no real device has."""

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

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise wrong(
                f"{NEVER_INLINE} {{published: KEY-TYPE}}, {{env: NAME}} or {{file: PATH}}, "
                f"or {{test_key: HEX}} for a key that no real device has"
            )
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, "{published: KEY-TYPE}, {env: NAME}, {file: PATH} or {test_key: HEX}")
        return self
