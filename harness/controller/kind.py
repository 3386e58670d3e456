"""What the harness asks of a controller: what can be done to a board from outside, such as a reset."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.controller.image import Image
from harness.errors import ToolError
from harness.kinds import Kinds
from harness.secret import Secret
from harness.settings.references import SecretReference
from harness.settings.words import Section


class Ability(StrEnum):
    """What a controller can do to a board."""

    RESET = "reset"
    POWER_OFF = "power_off"
    POWER_ON = "power_on"
    POWER_CYCLE = "power_cycle"
    BUILD = "build"
    FLASH = "flash"


@dataclass(frozen=True, slots=True)
class LineAction:
    """A named action of a transport that a controller carries out.

    Attributes:
        field: Field of the controller's section that names it.
        action: Its name.
        transport: The transport; None for the one that has an action of this name.
    """

    field: str
    action: str
    transport: str | None


def _no_secret(reference: SecretReference) -> Secret:
    raise ToolError(f"a secret is asked for where none can be looked up: {reference}")


@dataclass(frozen=True, slots=True)
class ControllerContext:
    """What a controller works on.

    Attributes:
        folder: Folder of the board file.
        environment: The environment for programs, without the secrets of the board file; for a build with the values
            that it is made with.
        carry_out: Carries out an action of a transport.
        note: Writes a sentence into the journal; the text must be safe to print.
        firmware: The file to flash, checked against its hash; None for other abilities.
        hide: Returns what a program printed with stars for the secrets that it was given.
        secret: Looks a secret of the controller's own up, such as the password of a relay.
        by_console: Starts the board anew by a command on its console, that of its shell when it is None.
        by_probe: Starts the board anew by its probe; returns when the probe has taken the order.
    """

    folder: Path
    environment: Mapping[str, str]
    carry_out: Callable[[LineAction], None]
    note: Callable[[str], None]
    firmware: Path | None = None
    hide: Callable[[bytes], bytes] = bytes
    secret: Callable[[SecretReference], Secret] = _no_secret
    by_console: Callable[[str | None], None] = lambda _: None
    by_probe: Callable[[], None] = lambda: None


class Controller(Section, ABC):
    """The settings of one kind of controller, and all that the harness asks of the kind.

    A kind adds its fields and `kind: Literal["its-name"]`, each with a description: the JSON Schema and the reference
    of board files are made from them. Only `do` touches anything.
    """

    kind: str

    @abstractmethod
    def abilities(self) -> frozenset[Ability]:
        """Return what it can do with these settings."""

    @abstractmethod
    def line_actions(self) -> tuple[LineAction, ...]:
        """Return the actions of transports that it carries out; they must be there."""

    @abstractmethod
    def occupies(self) -> tuple[str, ...]:
        """Return what one run must have for itself, in words that are equal for equal things.

        An empty tuple says that nothing is occupied beside the transports of the board.
        """

    @abstractmethod
    def place(self) -> str:
        """Return how it acts, in words, for the plan."""

    def artefact_path(self) -> str | None:
        """Return the path of the firmware that a build makes, relative to the board file; None without one."""
        return None

    def acts_on_transports(self) -> bool:
        """Return whether it acts by the board's own transports, and so by those of a recorded run too."""
        return bool(self.line_actions())

    def sections(self) -> tuple[str, ...]:
        """Return the sections that a board file must have for it, such as `console`; often none."""
        return ()

    def image_of_board(self) -> Image | None:
        """Return what shows that a firmware is one for this board; None where only its own build's is flashed."""
        return None

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return the programs that it runs, each with where it can be had, for `harness doctor`; often none."""
        return ()

    def references(self) -> dict[str, SecretReference]:
        """Return the secrets that it is given by reference, by their fields; often none."""
        return {}

    def shared_port(self) -> str | None:
        """Return the serial port that it uses while it acts and that may be a transport's too; None without one."""
        return None

    def pause_s(self) -> float:
        """Return for how many seconds a power cycle made of off and on leaves the board without power."""
        return 0.0

    @abstractmethod
    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Do one of its abilities; return when it is done.

        Raises:
            BenchError: It could not be done: the bench is at fault, and nothing is said of the device.
            UsageError: The board file names something that is not there.
        """


CONTROLLERS = Kinds(
    Controller,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "controller kind",
    "harness.controllers",
    {
        "serial-lines": "harness.controller.serial_lines:SerialLines",
        "command": "harness.controller.command:CommandController",
        "console": "harness.controller.console:ConsoleCommand",
        "probe": "harness.controller.by_probe:ProbeReset",
        "uhubctl": "harness.controller.uhubctl:Uhubctl",
        "lcus-relay": "harness.controller.lcus:LcusRelay",
        "usbrelay": "harness.controller.usbrelay:UsbRelay",
        "tasmota": "harness.controller.tasmota:Tasmota",
        "shelly": "harness.controller.shelly:Shelly",
        "ykush": "harness.controller.ykush:Ykush",
        "openocd": "harness.controller.openocd:OpenOcd",
        "pyocd": "harness.controller.pyocd:PyOcd",
        "esptool": "harness.controller.esptool:EspTool",
        "st-flash": "harness.controller.st_flash:StFlash",
        "dfu-util": "harness.controller.dfu_util:DfuUtil",
        "labgrid": "harness.controller.labgrid:LabgridPower",
    },
)
