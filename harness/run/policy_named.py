"""What an official run was allowed all the same, by the policy of the lab: it stands in the report, by name."""

from dataclasses import dataclass
from typing import ClassVar, Literal

Matter = Literal[
    "demo_carrier",
    "debug_keys",
    "simulated_board",
    "mock_service",
    "probe_firmware",
    "destructive_left_out",
]
"""What a lab may have an official run refuse, or name."""


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that an official run names."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore", "use_attribute_docstrings": True}

    matter: Matter
    """What it is."""
    detail: str = ""
    """Of what in the board file it is said, and why."""
