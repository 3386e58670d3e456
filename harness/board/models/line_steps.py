"""Steps of the named actions of a serial port."""

from typing import Self

from pydantic import Field, model_validator

from harness.settings.words import Section, wrong
from harness.transport.serial.lines import LONGEST_BREAK, LineStep


class LineStepSettings(Section):
    """One step of an action on a serial port: what is written happens in this order, then the next step."""

    dtr: bool | None = Field(default=None, description="Set DTR on or off.")
    rts: bool | None = Field(default=None, description="Set RTS on or off, together with DTR.")
    break_ms: int | None = Field(
        default=None, description="Hold the line at break for milliseconds.", ge=1, le=LONGEST_BREAK
    )
    wait_ms: int | None = Field(default=None, description="Wait for milliseconds.", ge=1, le=60_000)

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise wrong("does nothing; write dtr, rts, break_ms or wait_ms")
        return self

    def step(self) -> LineStep:
        """Return the same for a transport to carry out."""
        return LineStep(self.dtr, self.rts, self.break_ms, self.wait_ms)
