"""Licences of the whole account: orders, the pool, and what each licence was used for.

Source: service.md 3.
"""

from starlette.responses import Response

from harness.errors import UsageError
from harness.service.mock.console.pages.products import errors_of_purchase
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store.products import DEFAULT_REGION
from harness.service.mock.validity import YEARS
from harness.web.view import Flash

_LEDGER = 100


def show(view: ConsoleView) -> Response:
    """Show counters, orders and the ledger."""
    return _show(view)


def buy(view: ConsoleView) -> Response:
    """Buy licences for the account's pool."""
    if errors := errors_of_purchase(view):
        return _show(view, errors=errors)
    quantity, years = view.number("quantity") or 0, view.number("years") or 0
    try:
        view.admin.buy_account_licences(quantity, years, region=view.field("region", 32) or DEFAULT_REGION)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done("/licences", Flash("products.bought", {"quantity": quantity}))


def assign(view: ConsoleView) -> Response:
    """Assign licences of the pool to a product."""
    order, quantity = view.number("order", 1 << 40), view.number("assigned")
    if order is None or not quantity:
        return _show(view, errors={"assigned": view.text("error.quantity", most=1_000_000)})
    try:
        view.admin.assign_licences(order, view.field("product_key"), quantity)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done("/licences", Flash("licences.assigned", {"quantity": quantity}))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    orders = view.admin.orders()
    return view.page(
        "licences.html.j2",
        422 if errors or problem else 200,
        counters=view.admin.counters(None),
        orders=orders,
        pool=[order for order in orders if order.product_key is None and order.left > 0],
        products=view.admin.products(),
        ledger=view.admin.ledger(limit=_LEDGER),
        ledger_limit=_LEDGER,
        region=DEFAULT_REGION,
        years=YEARS,
        errors=errors or {},
        problem=problem,
    )
