"""A dialect of AT commands: how one module maker writes the functions of the ID² client API, read from a YAML file.

Source: consoles.md A5; the command strings are their makers' own, and none is public.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from harness.carrier.at.template import Template, TemplateError
from harness.errors import UsageError
from harness.settings import yaml_file
from harness.settings.problems import field_name
from harness.settings.suggest import meant
from harness.settings.words import Number, Seconds, Section, wrong

KIND = yaml_file.FileKind("an AT dialect", max_bytes=64 * 1024, max_depth=6)
FOLDER = Path(__file__).parent / "dialects"
SCHEMA_ID = "https://id2-harness.invalid/schema/at-dialect-1.json"
VERSION = 1


class Function(StrEnum):
    """The functions that a module may have commands for."""

    INIT = "init"
    CLEANUP = "cleanup"
    GET_VERSION = "get_version"
    GET_ID = "get_id"
    GET_CHALLENGE_AUTH_CODE = "get_challenge_auth_code"
    GET_TIMESTAMP_AUTH_CODE = "get_timestamp_auth_code"
    DECRYPT = "decrypt"
    ENCRYPT = "encrypt"
    GET_DEVICE_CHALLENGE = "get_device_challenge"
    VERIFY_SERVER = "verify_server"
    GET_SECRET = "get_secret"  # noqa: S105 - the name of an API function
    DERIVE_KEY = "derive_key"
    GET_PROV_STAT = "get_prov_stat"
    GET_OTP_AUTH_CODE = "get_otp_auth_code"
    LOAD_OTP_DATA = "load_otp_data"


ARGUMENTS: dict[Function, tuple[str, ...]] = {
    Function.GET_CHALLENGE_AUTH_CODE: ("challenge", "extra"),
    Function.GET_TIMESTAMP_AUTH_CODE: ("timestamp", "extra"),
    Function.DECRYPT: ("cipher",),
    Function.ENCRYPT: ("plain", "seed"),
    Function.GET_DEVICE_CHALLENGE: ("length",),
    Function.VERIFY_SERVER: ("auth_code", "device_random", "server_extra"),
    Function.GET_SECRET: ("seed",),
    Function.DERIVE_KEY: ("seed", "length"),
    Function.GET_OTP_AUTH_CODE: ("token",),
    Function.LOAD_OTP_DATA: ("data",),
}
"""The fields that the command of a function has."""

REQUIRED = (
    Function.GET_ID,
    Function.GET_CHALLENGE_AUTH_CODE,
    Function.GET_TIMESTAMP_AUTH_CODE,
    Function.DECRYPT,
)
_SILENT = frozenset((Function.INIT, Function.CLEANUP, Function.VERIFY_SERVER, Function.LOAD_OTP_DATA))
OF_ANSWERS = frozenset(("value", "part", "parts"))


def _template(text: str) -> str:
    try:
        Template(text)
    except TemplateError as error:
        raise wrong(str(error)) from None
    return text


TemplateText = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_template)]
Line = Annotated[str, Field(min_length=1, max_length=200)]


class AtCommand(Section):
    """One function: its command, what comes back, and how long that may take."""

    model_config = ConfigDict(str_strip_whitespace=False)  # line ends are blanks

    send: TemplateText = Field(description="The command, a template; the line end is not part of it.")
    prompt: Line | None = Field(
        default=None,
        description="What the module shows, without a line end, before it takes the data, such as `>`.",
    )
    data: TemplateText | None = Field(default=None, description="What is sent at the prompt, a template.")
    data_end: str = Field(default="", max_length=4, description="What ends the data, such as Ctrl-Z.")
    answer: TemplateText | None = Field(
        default=None,
        description="The line with the value, a template with {value}; in several lines with {part} and {parts} too.",
    )
    final: Line | None = Field(
        default=None, description="Final result of success, where it is another than the dialect's `ok`."
    )
    timeout_s: Seconds = Field(default=5.0, description="Seconds from the command to the final result.")

    @model_validator(mode="after")
    def _data_has_its_prompt(self) -> Self:
        if (self.prompt is None) is not (self.data is None):
            raise wrong("has a prompt or data, and not both")
        return self


class Wake(Section):
    """How a module is woken before a command."""

    dtr: bool = Field(description="Level of DTR that wakes it.")
    ms: int = Field(default=100, ge=0, le=10_000, description="Milliseconds until it hears commands.")


class AtDialect(Section):
    """How one module is spoken to."""

    model_config = ConfigDict(str_strip_whitespace=False)  # line ends are blanks

    version: Annotated[int, Field(ge=VERSION, le=VERSION)] = Field(
        description="Version of this format: 1.", json_schema_extra={"const": VERSION}
    )
    name: Line = Field(description="What the dialect is called.")
    description: str = Field(default="", max_length=400, description="One sentence for people.")
    eol: str = Field(default="\r", min_length=1, max_length=2, description="What ends a command.")
    answer_eol: str = Field(
        default="\r\n",
        min_length=1,
        max_length=2,
        description="What ends a line of the module when one is simulated; every line end is read.",
    )
    echo: bool = Field(
        default=False,
        description="Whether the module repeats commands when one is simulated; echoes are passed over in any case.",
    )
    probe: Line = Field(
        default="AT", description="A command that does nothing, by which the module is heard."
    )
    setup: tuple[Line, ...] = Field(
        default=(),
        max_length=16,
        description="Commands after every start, such as ATE0; a refusal is no error.",
    )
    ready: tuple[Line, ...] = Field(
        default=(),
        description="Lines by which the module says that it has started: seen later it has restarted.",
    )
    ready_s: Seconds = Field(
        default=5.0,
        description="Seconds after power on in which commands are repeated until one is answered.",
    )
    baud_probe: tuple[Annotated[int, Field(ge=50, le=12_000_000)], ...] = Field(
        default=(),
        max_length=16,
        description="Speeds in bit/s at which a module is looked for that answers nothing at that of the board file.",
    )
    urc: tuple[Line, ...] = Field(
        default=(),
        max_length=64,
        description="Beginnings of lines that come unasked, in the middle of answers too.",
    )
    ok: Line = Field(default="OK", description="Final result of success.")
    error: tuple[TemplateText, ...] = Field(
        default=("ERROR",),
        description="Final results of a refusal, templates; {code} is the module's own code.",
    )
    lost: tuple[Line, ...] = Field(
        default=("NO CARRIER", "BUSY"), description="Final results that say nothing of the function."
    )
    errors: dict[Line, int] = Field(
        default_factory=dict,
        description="Result code of the API for each code of the module; numbers that are the API's own need none.",
        max_length=64,
    )
    sdk_version: Number = Field(
        default=0x00030100,
        description="Version of the client inside, for a module that has no command for it.",
    )
    settle_s: Seconds = Field(
        default=0.3,
        description="Seconds of silence after which a command that got no answer is given up for good.",
    )
    wake: Wake | None = Field(default=None, description="How it is woken, where it sleeps.")
    commands: dict[Function, AtCommand] = Field(description="The functions, each with its command.")

    @model_validator(mode="after")
    def _commands_fit(self) -> Self:
        if missing := [one for one in REQUIRED if one not in self.commands]:
            raise wrong(f"has no command for {missing[0]}")
        for function, command in self.commands.items():
            given = Template(command.send).names | (
                Template(command.data).names if command.data else frozenset()
            )
            if unknown := sorted(given - set(ARGUMENTS.get(function, ()))):
                known = ", ".join(ARGUMENTS.get(function, ())) or "none"
                raise wrong(f"{function} has no field {{{unknown[0]}}}; its fields: {known}")
            if needed := [
                one for one in ARGUMENTS.get(function, ()) if one not in given and not one.endswith("extra")
            ]:
                raise wrong(f"the command of {function} does not say {{{needed[0]}}}")
            names = Template(command.answer).names if command.answer else frozenset()
            if function not in _SILENT and "value" not in names:
                raise wrong(f"the answer to {function} has no {{value}}")
            if names - OF_ANSWERS:
                raise wrong(f"an answer has the fields {', '.join(sorted(OF_ANSWERS))}")
        return self


def load(reference: str, folder: Path) -> AtDialect:
    """Read a dialect.

    Args:
        reference: Name of a shipped one, or the path of a YAML file.
        folder: Where a relative path starts.

    Raises:
        UsageError: There is none, or it is wrong; the message names file, line and field.
    """
    shipped = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if reference in shipped:
        return parse((FOLDER / f"{reference}.yaml").read_text(encoding="utf-8"), f"{reference}.yaml")
    if "/" not in reference and not reference.endswith((".yaml", ".yml")):
        near = meant(reference, tuple(shipped))
        raise UsageError(
            f"there is no AT dialect {reference[:40]!a}{near} shipped: {', '.join(shipped)}",
            hint="name a YAML file by its path, such as ./my-module.yaml",
        )
    path = folder / reference
    try:
        document = yaml_file.load(path, KIND)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file with an AT dialect") from None
    return _checked(document, str(path))


def parse(text: str, file: str) -> AtDialect:
    """Read the text of a dialect.

    Raises:
        UsageError: As for `load`.
    """
    return _checked(yaml_file.parse(text, file, KIND), file)


def _checked(document: yaml_file.Document, file: str) -> AtDialect:
    try:
        return AtDialect.model_validate(document.to_data())
    except ValidationError as error:
        first = error.errors()[0]
        loc = tuple(part for part in first["loc"] if part != "[key]")
        where = f"{file}:{document.line_of(loc)}"
        field = f" {field_name(loc)}:" if loc else ""
        raise UsageError(
            f"{where}:{field} {first['msg']}", hint="`harness at schema` prints what a dialect may say"
        ) from None


def dialect_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a dialect, with the description of every field."""
    schema: dict[str, object] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    schema.update(AtDialect.model_json_schema())
    schema["title"] = "AT dialect"
    return schema
