"""What every page of the console has."""

from dataclasses import dataclass, field
from typing import Any

from harness.service.mock.admin.admin import Admin
from harness.service.mock.importing.pending import PendingImports
from harness.web.view import View


@dataclass(frozen=True, slots=True)
class Backend:
    """What stands behind the console.

    Attributes:
        admin: The service.
        imports: Files that were uploaded and wait for a person's word.
    """

    admin: Admin
    imports: PendingImports = field(default_factory=PendingImports)


@dataclass(frozen=True, slots=True)
class ConsoleView(View[Backend]):
    """One request of a person to the console."""

    @property
    def admin(self) -> Admin:
        """The service behind the console."""
        return self.behind.admin

    def common(self) -> dict[str, Any]:
        """Return what the templates of every page get."""
        return {"now": self.admin.now(), "changes": "/console/changes"}
