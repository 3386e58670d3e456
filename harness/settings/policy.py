"""The policy of a lab: what an official run refuses, and what it does all the same and has the report name."""

from typing import Literal

from pydantic import Field

from harness.settings.words import Section

Says = Literal["refuse", "name"]
"""Refuse: no official run comes of it. Name: it does, and the report says so."""


class Policy(Section):
    """What an official run does with each of these: refuse it, or go on and name it in the report."""

    demo_carrier: Says = Field(
        default="refuse", description="The Demo carrier of the SDK, whose key is in the firmware."
    )
    debug_keys: Says = Field(default="refuse", description="A key or ID that the vendor published.")
    simulated_board: Says = Field(
        default="refuse", description="A device that is simulated, or played back from a file."
    )
    mock_service: Says = Field(
        default="name", description="The harness's own ID² service in the place of the cloud."
    )
    probe_firmware: Says = Field(
        default="name", description="A firmware with the probe, through which everything can be called."
    )
    destructive_left_out: Says = Field(
        default="refuse",
        description="Mandatory requirements that only destructive scenarios check, in a run without --destructive.",
    )
