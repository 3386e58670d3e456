"""The manufacturer's own server (step 3): how it is started, and how the harness lets it authenticate the device."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from harness.settings.references import SecretReference
from harness.settings.words import Section, Text, wrong

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""A placeholder is a lower-case word in braces, so that the braces of JSON stay what they are."""

SECRET_PLACEHOLDERS = ("access_key_secret", "product_secret")
"""What a server gets by its environment only: a command line is open to every user of the machine."""

START_PLACEHOLDERS = ("endpoint", "region", "access_key_id", "product_key", "python", "folder")
TRIGGER_PLACEHOLDERS = ("id2", "device_url", "product_key", "server", "python", "folder")

_MAX_TEXT = 4096
Seconds = Annotated[float, Field(gt=0, le=600)]


class Use(StrEnum):
    """What the server does in one authentication. Source: service.md 5 A to E."""

    CHALLENGE = "challenge"
    TIMESTAMP = "timestamp"
    EXTRA = "extra"
    SESSION_KEY = "session-key"
    MUTUAL = "mutual"


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise wrong(f"is not a regular expression: {error}") from None
    return value


def _address(value: str) -> str:
    if not re.match(r"(https?://[^\s@]+|\{server\}(/\S*)?)$", value):
        raise wrong("must be http://HOST…, https://HOST…, or {server}/… for where the server says it listens")
    return value


def _no_repeats(values: tuple[Use, ...]) -> tuple[Use, ...]:
    if len(set(values)) != len(values):
        raise wrong("says a word twice")
    return values


Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_pattern)]
Template = Annotated[str, StringConstraints(max_length=_MAX_TEXT)]
Command = Annotated[tuple[Template, ...], Field(min_length=1, max_length=64)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]


def _check(templates: Iterable[str], known: tuple[str, ...]) -> None:
    for template in templates:
        for word in PLACEHOLDER.findall(template):
            if word in SECRET_PLACEHOLDERS and word not in known:
                raise wrong(f"{{{word}}} is given by environment only, never where other users could read it")
            if word not in known:
                names = ", ".join(f"{{{name}}}" for name in known)
                raise wrong(f"{{{word}}} is no placeholder here; there are {names}")


class Start(Section):
    """How the harness starts the server, and knows that it is ready. It ends the whole process group afterwards."""

    command: Command = Field(
        description="Program and arguments, run in the folder of the board file, without a shell. Placeholders: "
        "{endpoint}, {region}, {access_key_id}, {product_key}, {python}, {folder}."
    )
    environment: dict[Name, Template] = Field(
        default_factory=lambda: {
            "ID2_ENDPOINT": "{endpoint}",
            "ID2_REGION": "{region}",
            "ID2_ACCESS_KEY_ID": "{access_key_id}",
            "ID2_ACCESS_KEY_SECRET": "{access_key_secret}",
            "ID2_PRODUCT_KEY": "{product_key}",
            "ID2_PRODUCT_SECRET": "{product_secret}",
        },
        description="Environment variables that the server reads, each with its value. Placeholders as in `command`, "
        "and {access_key_secret}, {product_secret}. Left out: ID2_ENDPOINT, ID2_REGION, ID2_ACCESS_KEY_ID, "
        "ID2_ACCESS_KEY_SECRET, ID2_PRODUCT_KEY, ID2_PRODUCT_SECRET.",
        max_length=64,
    )
    ready: Pattern = Field(
        description="Regular expression; the server is ready when a line of its output matches. What its first group "
        "matches is {server} in the trigger, best the address it listens on."
    )
    timeout_s: Seconds = Field(default=20.0, description="Seconds until it must be ready.")

    @model_validator(mode="after")
    def _placeholders(self) -> Self:
        _check(self.command, START_PLACEHOLDERS)
        _check(self.environment.values(), (*START_PLACEHOLDERS, *SECRET_PLACEHOLDERS))
        return self


class Trigger(Section):
    """What makes the server authenticate the device once: a command, or a request to a URL."""

    command: Command | None = Field(
        default=None,
        description="Program and arguments; exit code 0 says that the device was accepted. Placeholders: {id2}, "
        "{device_url}, {product_key}, {server}, {python}, {folder}.",
    )
    url: Annotated[Template, AfterValidator(_address)] | None = Field(
        default=None,
        description="Where the request goes; an answer of 2xx says that the device was accepted. Placeholders as "
        "in `command`.",
    )
    method: Literal["POST", "PUT", "GET"] = Field(default="POST", description="Method of the request.")
    body: Template = Field(default="", description="Body of the request. Placeholders as in `command`.")
    content_type: Text = Field(default="application/json", description="Type of the body.")
    accepted: Pattern | None = Field(
        default=None,
        description="Regular expression that the command's output or the answer's body must match as well for the "
        "device to count as accepted.",
    )
    timeout_s: Seconds = Field(default=30.0, description="Seconds until the server must have decided.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise wrong("needs either command or url, and not both")
        _check(self.templates, TRIGGER_PLACEHOLDERS)
        return self

    @property
    def templates(self) -> tuple[str, ...]:
        """Every text of the trigger that may hold placeholders."""
        return (*(self.command or ()), self.url or "", self.body)

    @property
    def names_the_device(self) -> bool:
        """True when the trigger says which device is to be authenticated."""
        return any("{id2}" in template for template in self.templates)


class ServerAccessKey(Section):
    """The AccessKey that a server which runs already is configured with, by reference."""

    id: SecretReference = Field(description="The AccessKey id.")
    secret: SecretReference = Field(description="The AccessKey secret.")


class Server(Section):
    """The manufacturer's own server. It is judged against the mock, whatever service the board file names."""

    uses: Annotated[tuple[Use, ...], AfterValidator(_no_repeats), Field(min_length=1)] = Field(
        default=(Use.CHALLENGE,),
        description="What the server does in one authentication: it sends a challenge of the service, or has the "
        "device sign the time (timestamp); it binds an extra; it sends a session key; the device verifies the "
        "server (mutual).",
    )
    start: Start | None = Field(
        default=None, description="How the harness starts the server; left out when it runs already."
    )
    trigger: Trigger = Field(description="What makes the server authenticate the device once.")
    port: int = Field(
        default=0,
        description="Port on 127.0.0.1 where the mock service listens for this server; 0 chooses one. A server that "
        "runs already is configured with http://127.0.0.1:PORT.",
        ge=0,
        le=65535,
    )
    link_port: int = Field(
        default=0,
        description="Port on 127.0.0.1 where the device's link listens; 0 chooses one. For a server that is reached "
        "through a tunnel.",
        ge=0,
        le=65535,
    )
    access_key: ServerAccessKey | None = Field(
        default=None,
        description="AccessKey that the server uses, when it runs already; the mock makes one when it is left out.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (Use.CHALLENGE in self.uses) == (Use.TIMESTAMP in self.uses):
            raise wrong("uses needs one of challenge and timestamp, and not both")
        if self.start is None and (self.port == 0 or self.access_key is None):
            raise wrong("a server that runs already needs port and access_key; else say how to start it")
        if self.start is None and any("{server}" in template for template in self.trigger.templates):
            raise wrong("{server} is what a started server says; write the address of one that runs already")
        return self
