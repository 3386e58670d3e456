"""FreeRTOS: it prints nothing by itself, and often falls silent where others crash.

Source: consoles.md A3; FreeRTOS include/task.h.
"""

from harness.console.dialects.bare import Bare


class FreeRtos(Bare):
    """FreeRTOS."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "FreeRTOS, without a shell"
