"""The debugging service: a debug ID² for a device, and auth codes for the customer's server.

Source: service.md 4.3.
"""

from starlette.responses import Response

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.service.mock.admin.debugging import CodeMode
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store.devices import Origin
from harness.web.view import Flash

ALGORITHMS = tuple(kind for kind in KeyType if kind.symmetric and kind is not KeyType.SM1_128)
"""What a debug ID² can have: keys that a test program takes as a constant."""
_MODES: dict[str, tuple[CodeMode, bool]] = {
    "challenge": ("challenge", False),
    "challenge-extra": ("challenge", True),
    "timestamp": ("timestamp", False),
    "timestamp-extra": ("timestamp", True),
}
_EXTRA_MAX = 512
_CALLS = 10


def show(view: ConsoleView) -> Response:
    """Show both generators, and what the server did with the last code."""
    return _show(view)


def make_device(view: ConsoleView) -> Response:
    """Generate a debug ID²."""
    if view.field("algorithm") not in list(ALGORITHMS):
        return _show(view, errors={"algorithm": view.text("error.choice")})
    try:
        made = view.admin.make_debug_device(view.field("algorithm"))
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    key = made.key.reveal().hex().upper()
    once = {
        "debugging.id2": made.id2,
        "debugging.key": key,
        "debugging.constants": f'#define ID2_ID   "{made.id2}"\n#define ID2_KEY  "{key}"',
    }
    return view.done(f"/debugging?id2={made.id2}", Flash("debugging.device_made", once=once))


def make_code(view: ConsoleView) -> Response:
    """Generate an auth code."""
    mode, with_extra = _MODES.get(view.field("mode"), (None, False))
    extra = view.field("extra") if with_extra else ""
    errors: dict[str, str] = {}
    if mode is None:
        errors["mode"] = view.text("error.choice")
    if with_extra and not 1 <= len(extra.encode("utf-8", "replace")) <= _EXTRA_MAX:
        errors["extra"] = view.text("error.extra", most=_EXTRA_MAX)
    id2 = view.field("id2", 64)
    device = view.admin.find_device(id2) if id2.isascii() else None
    if device is None or device.origin is not Origin.DEBUG:
        errors["id2"] = view.text("error.debug_id2")
    challenge = view.field("challenge", 64)
    if mode == "challenge" and len(challenge) > 32:
        errors["challenge"] = view.text("error.challenge")
    if errors or mode is None:
        return _show(view, errors=errors)
    try:
        made = view.admin.debug_auth_code(
            id2, mode, challenge=challenge if mode == "challenge" else "", extra=extra
        )
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    once = {
        "debugging.auth_code": made.auth_code,
        "debugging.id2": made.id2,
        "products.key": view.admin.debug_product().product_key,
    }
    if extra:
        once["debugging.extra"] = extra
    return view.done(f"/debugging?id2={made.id2}", Flash("debugging.code_made", once=once))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    id2 = view.query("id2") or view.field("id2", 64)
    calls = view.admin.calls(id2=id2, limit=_CALLS) if id2 else ()
    return view.page(
        "debugging.html.j2",
        422 if errors or problem else 200,
        product=view.admin.debug_product(),
        algorithms=ALGORITHMS,
        modes=tuple(_MODES),
        id2=id2,
        calls=tuple(reversed(calls)),
        errors=errors or {},
        problem=problem,
    )
