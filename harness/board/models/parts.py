"""The parts of a board that scenarios talk to: chip, console, device, and the limits they must keep."""

from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from harness.chip.command_set import COMMAND_SETS, CommandSet
from harness.chip.framing import FRAMINGS, Framing
from harness.console.dialect import DIALECTS
from harness.console.program import PROGRAMS, ConsoleProgram
from harness.kinds import Kinds
from harness.settings.kinds import naming, naming_with_settings
from harness.settings.references import DeviceKeyReference, PinReference, SecretReference
from harness.settings.words import Address, Id2Text, Seconds, Section, Text, Word, wrong

_Kind = TypeVar("_Kind", bound=Section)


@naming_with_settings(framing=FRAMINGS, command_set=COMMAND_SETS)
class Chip(Section):
    """The secure element that the harness talks to directly."""

    transport: Word | None = Field(
        default=None, description="Name of the transport that leads to the chip; required but for `through`."
    )
    framing: str | None = Field(
        default=None,
        description="How APDUs travel: fm1280 frames over I²C, its other frames over SPI (fm1280-spi), one hex line "
        "each way (hex-line), or as they are (direct); required but for `through`.",
    )
    through: Literal["probe"] | None = Field(
        default=None,
        description="What the chip is reached through instead of a transport and a framing: the board's own driver, "
        "called by the probe in its firmware (probe).",
    )
    command_set: str = Field(
        default="ica", description="APDU set: the ICA standard, the MTK variant, or that of another package."
    )
    timeout_s: Seconds = Field(
        default=8.0,
        description="Seconds to wait for an answer before the chip counts as silent; 7.5 times as long in all for an "
        "fm1280 chip that asks for more time.",
    )

    @model_validator(mode="after")
    def _kinds_have_their_settings(self) -> Self:
        self._require_one_way()
        _ = self.through or self.framing_kind, self.command_set_kind
        return self

    def _require_one_way(self) -> None:
        ways = ("transport", "framing")
        if self.through is None:
            wrong_ones = [field for field in ways if getattr(self, field) is None]
            text = "is missing"
        else:
            wrong_ones = [field for field in ways if getattr(self, field) is not None]
            text = f"does not go with through: {self.through}; leave it out"
        if wrong_ones:
            raise ValidationError.from_exception_data(
                "Chip", [InitErrorDetails(type=wrong(text), loc=(field,), input=None) for field in wrong_ones]
            )

    @property
    def framing_kind(self) -> Framing:
        """The framing with its settings."""
        assert self.framing is not None, "a chip that is reached through the probe has no framing"
        return self._with_settings(FRAMINGS, self.framing)

    @property
    def command_set_kind(self) -> CommandSet:
        """The command set with its settings."""
        return self._with_settings(COMMAND_SETS, self.command_set)

    def _with_settings(self, kinds: Kinds[_Kind], name: str) -> _Kind:
        kind = kinds.get(name)
        given = {
            field: value
            for field, value in self
            if field in kind.model_fields and field in self.model_fields_set
        }
        missing = wrong(f"is missing; {kinds.noun} {name} requires it")
        if lacking := [
            InitErrorDetails(type=missing, loc=(field,), input=None)
            for field, info in kind.model_fields.items()
            if info.is_required() and field not in given
        ]:
            raise ValidationError.from_exception_data("Chip", lacking)
        return kind.model_validate(given)


class Login(Section):
    """Who logs in where the console asks for a login."""

    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$")] = Field(
        default="root", description="Name of the user."
    )
    password: SecretReference | None = Field(
        default=None, description="The password; left out for a user without one."
    )


_Printed = Annotated[str, StringConstraints(min_length=4, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


@naming(program=PROGRAMS, dialect=DIALECTS)
class Console(Section):
    """The serial console that the board's program prints to."""

    transport: Word = Field(description="Name of the transport that leads to the console.")
    program: str = Field(
        default="id2_app",
        description="What runs on the board: a test program of the vendor, a firmware that connects by iTLS and stays "
        "connected (link_app), or a program of another package. With a probe section and no program written here, "
        "none is judged.",
    )
    dialect: str | None = Field(
        default=None,
        description="How the console speaks: prompt, log, crash texts, what must never be sent (docs/dialects.md). "
        "Left out: that of plan.platform.",
    )
    command: (
        Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$")] | None
    ) = Field(
        default=None,
        description="The command that starts the program, given on the console's shell. Left out: the program starts "
        "with the board.",
    )
    login: Login | None = Field(
        default=None, description="Who logs in where the console asks for a login before its shell."
    )
    start_texts: tuple[_Printed, ...] = Field(
        default=(),
        max_length=20,
        description="Texts that the board's own firmware prints once in each start, beside those of the dialect.",
    )
    crash_texts: tuple[_Printed, ...] = Field(
        default=(),
        max_length=20,
        description="Texts that the board's own firmware prints when it crashes, such as those of FreeRTOS's hooks.",
    )
    boot_timeout_s: Seconds = Field(
        default=10.0,
        description="Seconds from opening the console to the first line of the program; a silent console blocks then.",
    )

    @model_validator(mode="after")
    def _program_answers(self) -> Self:
        _ = self.program_kind
        return self

    @property
    def program_kind(self) -> type[ConsoleProgram]:
        """The program."""
        return PROGRAMS.get(self.program)


class Pin(Section):
    """The PIN of a chip that declares the command `pin`. Its right value restores the counter of tries."""

    tries: int | None = Field(
        default=None,
        ge=1,
        le=15,
        description="How many wrong PINs in a row lock it; left out: not compared with what the chip says.",
    )
    reference: int = Field(
        default=0, ge=0, le=0xFF, description="P2 of Verify PIN: which PIN, where a chip has several."
    )
    value: PinReference | None = Field(
        default=None,
        description="The PIN, when known. While it is not known one wrong PIN is tried, and only when two tries or "
        "more are left after it.",
    )


class Device(Section):
    """The one device on the bench."""

    serial_number: Text | None = Field(
        default=None,
        description="Serial number on the label. Destructive scenarios run only when it is given.",
    )
    id: Id2Text | None = Field(
        default=None, description="Its ID², when known: the device must report exactly this one."
    )
    key: DeviceKeyReference | None = Field(
        default=None,
        description="Its ID² key, when known: every code is then recomputed, not only checked for its form.",
    )
    pin: Pin | None = Field(default=None, description="The PIN of its chip.")
    spare: bool = Field(
        default=False,
        description="The chip may be used up: its PIN is locked, to see that it locks. Never for a chip of a product.",
    )


class Network(Section):
    """Where the harness is the far end of the TCP connections that the board's port makes."""

    listen: Address = Field(
        default="127.0.0.1", description="Address on which the harness waits for the board."
    )
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,63}$")] | None = Field(
        default=None,
        description="Name or address by which the board reaches this computer: what ls_osa_net_connect is called with. "
        "Left out: that of listen.",
    )


class Limits(Section):
    """Limits of this board that a scenario measures against."""

    apdu_s: Seconds = Field(default=2.0, description="Longest time, in seconds, for the answer to one APDU.")
    auth_code_s: Seconds = Field(default=3.0, description="Longest time, in seconds, for one auth code.")
    decrypt_s: Seconds = Field(default=3.0, description="Longest time, in seconds, to decrypt 1024 bytes.")
    self_test_s: Seconds = Field(
        default=120.0, description="Longest time, in seconds, for a program's whole self-test."
    )
    replug_s: Seconds = Field(
        default=10.0,
        description="Seconds to wait for a USB device that was unplugged or reset to come back on its port.",
    )
    tick_ms: int = Field(
        default=10,
        description="Longest time, in milliseconds, that ls_osa_msleep and the other waits of the port may last beyond "
        "what was asked: a tick of the board's operating system, and what it may do meanwhile.",
        ge=1,
        le=1000,
    )
    drift_ppm: int = Field(
        default=20_000,
        description="Most that ls_osa_get_time_ms may run fast or slow, in millionths. The default, 2 %, is kept by "
        "clocks without a crystal too; this computer's own clock is trusted to 50.",
        ge=100,
        le=100_000,
    )
