"""Production lines: vendors, and the burn licences that they have.

Source: service.md 6.6.
"""

import hashlib
import re

from starlette.responses import Response

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store import burning
from harness.web.view import Flash

_NAME_MAX = 64
_PEM_MAX = 8_192
_VENDOR = re.compile(r"[0-9A-F]{4}")
_PRODUCT = re.compile(r"[A-Za-z0-9_-]{1,64}")


def show(view: ConsoleView) -> Response:
    """Show vendors and burn licences."""
    return _show(view)


def register_vendor(view: ConsoleView) -> Response:
    """Register a vendor."""
    code, name = view.field("code", 16).upper(), view.field("name", _NAME_MAX + 1)
    errors: dict[str, str] = {}
    if not _VENDOR.fullmatch(code):
        errors["code"] = view.text("production.code_form")
    elif code in {vendor.code for vendor in view.admin.vendors()}:
        errors["code"] = view.text("production.code_taken")
    if len(name) > _NAME_MAX or not name.isprintable():
        errors["name"] = view.text("production.name_form", most=_NAME_MAX)
    if errors:
        return _show(view, errors=errors)
    try:
        view.admin.register_vendor(code, name)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done("/production", Flash("production.registered", {"code": code}))


def grant(view: ConsoleView) -> Response:
    """Grant a burn licence to a vendor."""
    vendor, product = view.field("vendor", 16), view.field("product_code", 128)
    public_key = (view.form.get("key_file", "") or view.form.get("public_key", ""))[:_PEM_MAX].strip()
    quota = view.number("quota", burning.QUOTA_MAX)
    errors: dict[str, str] = {}
    if vendor not in {each.code for each in view.admin.vendors()}:
        errors["vendor"] = view.text("error.choice")
    if not _PRODUCT.fullmatch(product):
        errors["product_code"] = view.text("production.product_form")
    if not quota:
        errors["quota"] = view.text("error.quantity", most=burning.QUOTA_MAX)
    if view.field("key_type") not in list(burning.BURNABLE):
        errors["key_type"] = view.text("error.choice")
    try:
        burning.load_public_key(public_key)
    except UsageError:
        errors["public_key"] = view.text("production.public_key_form")
    if errors:
        return _show(view, errors=errors)
    try:
        made = view.admin.create_burn_licence(
            vendor, product, quota or 0, KeyType(view.field("key_type")), public_key
        )
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done("/production", Flash("production.granted", once={"production.licence": made.licence}))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    return view.page(
        "production.html.j2",
        422 if errors or problem else 200,
        vendors=view.admin.vendors(),
        licences=[
            (each, hashlib.sha256(each.public_key.encode()).hexdigest()[:16])
            for each in view.admin.burn_licences()
        ],
        key_types=burning.BURNABLE,
        quota_most=burning.QUOTA_MAX,
        name_most=_NAME_MAX,
        errors=errors or {},
        problem=problem,
    )
