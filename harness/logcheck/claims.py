"""What somebody says that a console must show: a board file, or the options of a command."""

from dataclasses import dataclass

from harness.id2.keys import KeyType
from harness.logcheck.model import Program

CARRIERS: dict[str, tuple[str, ...]] = {
    "se": ("SE",),
    "km": ("KM",),
    "tee": ("TEE",),
    "puf": ("PUF",),
    "module": ("module",),
    "demo": ("DEMO",),
}
"""Carriers that may be claimed, and what the console calls them."""

PROGRAMS: dict[str, Program] = {
    "id2_app": Program.ID2_APP,
    "hal_app": Program.HAL_APP,
    "itls_app": Program.ITLS_APP,
    "id2_demo": Program.DEMO,
}
"""Programs that may be claimed."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What is claimed of a board; every field that is empty or None claims nothing.

    Attributes:
        source: Who says it, as in "the board file says".
        program: The program that runs.
        carrier: `se`, `km`, `tee`, `puf`, `module` or `demo`.
        key_type: The key type.
        id2: The device's ID.
        sdk_version: `3.1.0`.
        features: Parts of the API that the device offers, such as `derive-key`.
        algorithms: Algorithms that the chip does with its ID² key, such as `aes-ecb`.
        vendor: Vendor number of the chip.
        command_set: `ica` or `mtk`.
        not_shown: Names of further claims that no console shows.
    """

    source: str = "the board file"
    program: Program | None = None
    carrier: str = ""
    key_type: KeyType | None = None
    id2: str = ""
    sdk_version: str = ""
    features: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    vendor: int | None = None
    command_set: str = ""
    not_shown: tuple[str, ...] = ()

    @property
    def version(self) -> tuple[int, ...]:
        """The SDK version in numbers; empty when none is claimed."""
        parts = self.sdk_version.split(".")
        return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else ()


NO_CLAIMS = Claims(source="")
"""Nothing is claimed."""
