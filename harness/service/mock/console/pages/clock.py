"""The service's clock, which tests may move."""

from datetime import timedelta

from starlette.responses import Response

from harness.errors import UsageError
from harness.service.mock.console.view import ConsoleView
from harness.web.view import Flash

_SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}
_MOST = 4_000


def show(view: ConsoleView) -> Response:
    """Show the time."""
    return _show(view)


def move(view: ConsoleView) -> Response:
    """Move it, forward or back."""
    amount, unit = view.number("amount", _MOST), view.field("unit")
    if not amount or unit not in _SECONDS:
        return _show(view, errors={"amount": view.text("error.amount", most=_MOST)})
    step = timedelta(seconds=amount * _SECONDS[unit])
    try:
        view.admin.move_clock(-step if view.field("direction") == "back" else step)
    except (UsageError, OverflowError) as error:
        return _show(view, problem=view.said(str(error)))
    return view.done("/clock", Flash("clock.moved"))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    return view.page(
        "clock.html.j2",
        422 if errors or problem else 200,
        units=tuple(_SECONDS),
        most=_MOST,
        errors=errors or {},
        problem=problem,
    )
