"""Products: the list, both ways to create one, and all that can be done with one.

Source: service.md 2.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from starlette.responses import Response

from harness.errors import UsageError
from harness.id2 import product_name
from harness.id2.keys import KeyType
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store.products import PUBLIC_INSTANCE, Console, NodeType, Registration
from harness.service.mock.validity import YEARS
from harness.web.view import Flash

ALGORITHMS = tuple(KeyType)
_QUANTITY_MAX = 1_000
_WHITELIST_MAX = 500
_DEVICES = 10

Change = Callable[[str], object]
"""A change of the product with this ProductKey."""


def show_all(view: ConsoleView) -> Response:
    """List the products."""
    found = [(each, view.admin.counters(each.product_key)) for each in view.admin.products()]
    return view.page("products.html.j2", products=found)


def show_new(view: ConsoleView) -> Response:
    """Ask for a new product, of one of the consoles."""
    return _ask(view, Console.IOT_PLATFORM if view.query("console") == "iot-platform" else Console.ID2)


def create(view: ConsoleView) -> Response:
    """Create a product."""
    console = Console.IOT_PLATFORM if view.field("console") == "iot-platform" else Console.ID2
    platform = console is Console.IOT_PLATFORM
    errors = _errors_of_choice(view, "algorithm", list(ALGORITHMS))
    quantity, years = 0, 1
    if platform:
        errors |= _errors_of_choice(view, "node_type", list(NodeType))
    else:
        errors |= errors_of_purchase(view)
        quantity, years = view.number("quantity") or 0, view.number("years") or 0
    if errors:
        return _ask(view, console, errors=errors)
    try:
        made = view.admin.create_product(
            view.field("name"),
            console=console,
            algorithm=view.field("algorithm"),
            licences=quantity,
            years=years,
            trial=view.field("trial") == "yes",
            node_type=view.field("node_type") if platform else None,
            instance_id=(view.field("instance_id", 64) or PUBLIC_INSTANCE) if platform else None,
        )
    except UsageError as error:
        errors = _errors_of_refusal(view, error.message)
        return _ask(view, console, errors=errors, problem="" if errors else view.said(error.message))
    return view.done(f"/products/{made.product_key}", Flash("products.created", {"name": made.name}))


def show(view: ConsoleView) -> Response:
    """Show one product."""
    return _show(view)


def reveal(view: ConsoleView) -> Response:
    """Show the ProductSecret, once."""
    product = view.admin.product(view.path("product_key"))
    return view.done(
        f"/products/{product.product_key}",
        Flash("products.secret_shown", once={"products.secret": product.product_secret}),
    )


def change_algorithm(view: ConsoleView) -> Response:
    """Change the device authentication algorithm."""
    if errors := _errors_of_choice(view, "algorithm", list(ALGORITHMS)):
        return _show(view, errors=errors)
    return _change(
        view,
        lambda key: view.admin.change_algorithm(key, view.field("algorithm")),
        "products.algorithm_changed",
    )


def buy(view: ConsoleView) -> Response:
    """Buy licences for a product."""
    if errors := errors_of_purchase(view):
        return _show(view, errors=errors)
    quantity, years, trial = (
        view.number("quantity") or 0,
        view.number("years") or 0,
        view.field("trial") == "yes",
    )
    return _change(
        view,
        lambda key: view.admin.buy_licences(key, quantity, years, trial=trial),
        "products.bought",
        quantity=quantity,
    )


def switch_otp(view: ConsoleView) -> Response:
    """Switch field provisioning on or off."""
    enabled = view.field("enabled") == "yes"
    return _change(
        view,
        lambda key: view.admin.set_otp(key, enabled=enabled),
        f"products.otp_{'on' if enabled else 'off'}",
    )


def switch_renewal(view: ConsoleView) -> Response:
    """Switch automatic renewal on or off."""
    enabled = view.field("enabled") == "yes"
    return _change(
        view,
        lambda key: view.admin.set_auto_renew(key, enabled=enabled),
        f"products.renewal_{'on' if enabled else 'off'}",
    )


def set_registration(view: ConsoleView) -> Response:
    """Choose how devices register."""
    if errors := _errors_of_choice(view, "registration", list(Registration)):
        return _show(view, errors=errors)
    # The vendor's console asks for a code sent by SMS; here the tick of a box stands for it.
    confirmed = view.field("confirmed") == "yes"
    if view.field("registration") == Registration.WHITELIST and not confirmed:
        return _show(view, errors={"confirmed": view.text("error.confirm")})
    return _change(
        view,
        lambda key: view.admin.set_registration(key, view.field("registration"), confirmed=confirmed),
        "products.registration_changed",
    )


def change_whitelist(view: ConsoleView) -> Response:
    """Add names to the whitelist, one a line, or remove one."""
    removed = view.form.get("remove", "")
    if removed:
        return _change(
            view, lambda key: view.admin.whitelist_remove(key, [removed]), "products.whitelist_removed"
        )
    names = [line.strip() for line in view.form.get("names", "").splitlines() if line.strip()]
    if not 1 <= len(names) <= _WHITELIST_MAX:
        return _show(view, errors={"names": view.text("error.names", most=_WHITELIST_MAX)})
    return _change(
        view, lambda key: view.admin.whitelist_add(key, names), "products.whitelist_added", count=len(names)
    )


def errors_of_purchase(view: ConsoleView) -> dict[str, str]:
    """Judge quantity and years of a purchase."""
    errors: dict[str, str] = {}
    quantity = view.number("quantity")
    if quantity is None or not 1 <= quantity <= _QUANTITY_MAX:
        errors["quantity"] = view.text("error.quantity", most=_QUANTITY_MAX)
    if view.number("years") not in YEARS:
        errors["years"] = view.text("error.years")
    return errors


def _errors_of_refusal(view: ConsoleView, refusal: str) -> dict[str, str]:
    """Return what was wrong with the name in the person's language; empty when it was something else.

    Source: service.md 2.2 (4 to 30 positions; a Chinese character is two).
    """
    if not refusal.startswith("product name"):
        return {}
    positions = product_name.positions(view.field("name"))
    if "printable" in refusal:  # the free rule, see `Settings.id2_console_name_rule`
        return {"name": view.said(refusal)}
    if product_name.LEAST <= positions <= product_name.MOST:
        return {"name": view.text("error.name_characters")}
    return {"name": view.text("error.name_length", positions=positions)}


def _errors_of_choice(view: ConsoleView, name: str, allowed: Sequence[StrEnum]) -> dict[str, str]:
    return {} if view.field(name) in allowed else {name: view.text("error.choice")}


def _ask(
    view: ConsoleView, console: Console, *, errors: dict[str, str] | None = None, problem: str = ""
) -> Response:
    return view.page(
        "product_new.html.j2",
        422 if errors or problem else 200,
        console=console,
        algorithms=ALGORITHMS,
        years=YEARS,
        node_types=tuple(NodeType),
        errors=errors or {},
        problem=problem,
    )


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    product = view.admin.product(view.path("product_key"))
    key = product.product_key
    return view.page(
        "product.html.j2",
        422 if errors or problem else 200,
        product=product,
        platform=product.console is Console.IOT_PLATFORM,
        counters=view.admin.counters(key),
        orders=view.admin.orders(key),
        devices=view.admin.devices(product_key=key, limit=_DEVICES),
        whitelist=view.admin.whitelist(key),
        registrations=tuple(Registration),
        algorithms=ALGORITHMS,
        years=YEARS,
        errors=errors or {},
        problem=problem,
    )


def _change(view: ConsoleView, change: Change, text: str, **values: object) -> Response:
    key = view.admin.product(view.path("product_key")).product_key
    try:
        change(key)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done(f"/products/{key}", Flash(text, values))
