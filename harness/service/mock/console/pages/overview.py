"""The first page: what there is, and where to go on."""

from starlette.responses import Response

from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store.devices import DeviceState

_CALLS = 8


def show(view: ConsoleView) -> Response:
    """Show counters, the way through the console, and the last calls."""
    admin = view.admin
    return view.page(
        "overview.html.j2",
        counters=admin.counters(None),
        products=len(admin.products()),
        devices=admin.devices(limit=1).total,
        bound=admin.devices(state=DeviceState.BOUND, limit=1).total,
        calls=tuple(reversed(admin.calls(limit=_CALLS))),
    )
