"""The fault switches: what the service does wrong on purpose, and how often."""

from starlette.responses import Response

from harness.errors import UsageError
from harness.id2.codes import ServiceCode
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.faults import EVERY_OPERATION, LATENCY_MAX_MS, Fault, FaultKind, fits
from harness.service.mock.operations import OPERATIONS
from harness.web.view import Flash

_CODES = tuple(str(code.value) for code in ServiceCode if code is not ServiceCode.SUCCESS)
_NUMBER_MAX = 1_000_000


def show(view: ConsoleView) -> Response:
    """Show the switches that are on, and what each kind does."""
    return _show(view)


def switch_on(view: ConsoleView) -> Response:
    """Switch a fault on."""
    kind, operation = view.field("kind"), view.field("operation", 64)
    errors: dict[str, str] = {}
    if kind not in list(FaultKind):
        errors["kind"] = view.text("error.choice")
    if operation not in (EVERY_OPERATION, *OPERATIONS):
        errors["operation"] = view.text("error.choice")
    elif not errors and not fits(FaultKind(kind), operation):
        errors["operation"] = view.text("faults.does_not_fit")
    every = view.field("every") == "yes"
    count = view.number("count", _NUMBER_MAX)
    if not every and not count:
        errors["count"] = view.text("error.quantity", most=_NUMBER_MAX)
    after = view.number("after", _NUMBER_MAX)
    if after is None:
        errors["after"] = view.text("error.from_none", most=_NUMBER_MAX)
    latency_ms = view.number("latency_ms", LATENCY_MAX_MS)
    if latency_ms is None or (kind == FaultKind.LATENCY and not latency_ms):
        errors["latency_ms"] = view.text("faults.latency_range", most=LATENCY_MAX_MS)
    if view.field("code") not in _CODES:
        errors["code"] = view.text("error.choice")
    if errors or after is None or latency_ms is None:
        return _show(view, errors=errors)
    fault = Fault(
        kind=FaultKind(kind),
        operation=operation,
        count=None if every else count,
        latency_ms=latency_ms,
        code=int(view.field("code")),
        after=after,
        after_effect=view.field("after_effect") == "yes",
    )
    try:
        number = view.admin.faults.add(fault)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done("/faults", Flash("faults.is_on", {"number": number}))


def switch_off(view: ConsoleView) -> Response:
    """Switch one off; one that has struck as often as it should is off already."""
    number = view.number("number", _NUMBER_MAX)
    try:
        view.admin.faults.remove(number or 0)
    except UsageError:
        return view.done("/faults", Flash("faults.was_off"))
    return view.done("/faults", Flash("faults.is_off", {"number": number}))


def clear(view: ConsoleView) -> Response:
    """Switch all off."""
    view.admin.faults.clear()
    return view.done("/faults", Flash("faults.all_off"))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    active = view.admin.faults.active()
    return view.page(
        "faults.html.j2",
        422 if errors or problem else 200,
        active=active,
        kinds=[(kind, sum(each.fault.kind is kind for each in active)) for kind in FaultKind],
        operations=(EVERY_OPERATION, *OPERATIONS),
        codes=_CODES,
        most=_NUMBER_MAX,
        latency_most=LATENCY_MAX_MS,
        errors=errors or {},
        problem=problem,
    )
