"""What every page of the console has."""

from dataclasses import dataclass
from typing import Any

from harness.service.mock.admin.admin import Admin
from harness.web.view import View


@dataclass(frozen=True, slots=True)
class ConsoleView(View[Admin]):
    """One request of a person to the console."""

    @property
    def admin(self) -> Admin:
        """The service behind the console."""
        return self.behind

    def common(self) -> dict[str, Any]:
        """Return what the templates of every page get."""
        return {"now": self.admin.now(), "changes": "/console/changes"}
