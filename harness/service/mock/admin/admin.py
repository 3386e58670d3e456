"""What only a console can do at the real service: products, licences, devices, AccessKeys. In process.

One interface, whose parts are the other modules of this package. All of it is safe to use while calls come in, and
from any thread.

Source: service.md 2, 3, 4.1, 4.3, 6.6.
"""

from datetime import datetime, timedelta

from harness.service.mock.admin.access import AccessAdmin
from harness.service.mock.admin.burning import BurningAdmin
from harness.service.mock.admin.debugging import DebuggingAdmin
from harness.service.mock.admin.devices import DeviceAdmin
from harness.service.mock.admin.licences import LicenceAdmin
from harness.service.mock.admin.products import ProductAdmin
from harness.service.mock.core import Core
from harness.service.mock.faults import Faults
from harness.service.mock.store import calls
from harness.service.mock.store.calls import CallRecord


class Admin(ProductAdmin, LicenceAdmin, DeviceAdmin, AccessAdmin, BurningAdmin, DebuggingAdmin):
    """The admin side of one mock service."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def faults(self) -> Faults:
        """The fault switches."""
        return self._core.faults

    @property
    def released_code(self) -> int:
        """How a device is answered that expired so long ago that its data is released."""
        return self._core.settings.released_code

    def now(self) -> datetime:
        """Return the service's time, UTC."""
        return self._core.clock.now()

    def move_clock(self, by: timedelta) -> None:
        """Move the service's clock; clients made by `MockService.client` move with it."""
        self._core.clock.move(by)

    def change_mark(self) -> str:
        """Return a text that is another one after everything that a page may show has changed."""
        return f"{self._core.store.change_mark()}.{self._core.faults.change_mark()}.{self._core.clock.offset_ms()}"

    def calls(
        self,
        *,
        limit: int | None = None,
        before: int | None = None,
        operation: str | None = None,
        id2: str | None = None,
    ) -> tuple[CallRecord, ...]:
        """Return the newest calls of the log that fit, oldest of them first.

        Args:
            limit: How many at most; all by default.
            before: Only those before the line of this number.
            operation: Only this operation.
            id2: Only those about this device.
        """
        with self._core.store.reading() as db:
            return calls.read(db, limit=limit, before=before, operation=operation, id2=id2)
