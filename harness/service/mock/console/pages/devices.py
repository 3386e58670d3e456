"""Devices: search, and what can be done with one."""

from string import hexdigits
from urllib.parse import quote, urlencode

from starlette.responses import Response

from harness.errors import UsageError
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store.devices import DeviceState
from harness.web.appearance import time_text
from harness.web.tables import table_download
from harness.web.view import Flash

_PAGE = 50
_CALLS = 20
_DOWNLOAD_MAX = 100_000
_COLUMNS = ("id2", "key_type", "state", "origin", "product_key", "order", "first_used", "valid_until")


def show_all(view: ConsoleView) -> Response:
    """List devices, a page at a time."""
    state = _state(view)
    number = view.query("page")
    page = min(int(number), 10_000_000) if number.isascii() and number.isdigit() and int(number) > 0 else 1
    found = view.admin.devices(
        state=state,
        product_key=view.query("product") or None,
        search=_as_stored(view.query("search")),
        limit=_PAGE,
        offset=(page - 1) * _PAGE,
    )
    return view.page(
        "devices.html.j2",
        found=found,
        number=page,
        pages=max(1, -(-found.total // _PAGE)),
        first=(page - 1) * _PAGE + 1,
        states=tuple(DeviceState),
        state=state,
        search=view.query("search"),
        product=view.query("product"),
        filter=urlencode(
            {name: view.query(name) for name in ("search", "state", "product")}, errors="replace"
        ),
        now_ms=_now_ms(view),
    )


def download(view: ConsoleView) -> Response:
    """Return the devices that fit as a file for a spreadsheet, without their keys."""
    found = view.admin.devices(
        state=_state(view),
        product_key=view.query("product") or None,
        search=_as_stored(view.query("search")),
        limit=_DOWNLOAD_MAX,
    )
    now_ms = _now_ms(view)
    rows = [
        (
            each.id2,
            each.key.key_type,
            each.state_at(now_ms),
            each.origin,
            each.product_key or "",
            each.licence_id or "",
            "" if each.activated_ms is None else time_text(each.activated_ms),
            "" if each.expires_ms is None else time_text(each.expires_ms),
        )
        for each in found.devices
    ]
    return table_download("id2-devices.csv", _COLUMNS, rows)


def _state(view: ConsoleView) -> DeviceState | None:
    wanted = view.query("state")
    return DeviceState(wanted) if wanted in list(DeviceState) else None


def _as_stored(text: str) -> str:
    """Return the beginning of an ID² as the store has it: hex digits are upper case there, a PUF's uid is as it is."""
    return text.upper() if set(text) <= set(hexdigits) else text


def place_of(id2: str) -> str:
    """Return where a device's page is; the ID² of a PUF may have any printable character in it."""
    return f"/devices/{quote(id2, safe='')}"


def show(view: ConsoleView) -> Response:
    """Show one device."""
    return _show(view)


def set_state(view: ConsoleView) -> Response:
    """Put a device into another state."""
    id2 = view.path("id2")
    if view.field("state") not in list(DeviceState):
        return _show(view, errors={"state": view.text("error.choice")})
    try:
        view.admin.set_device_state(id2, view.field("state"))
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done(place_of(id2), Flash("devices.state_changed"))


def erase(view: ConsoleView) -> Response:
    """Forget a device's activation, as when its storage is erased."""
    id2 = view.path("id2")
    if view.field("confirmed") != "yes":
        return _show(view, errors={"confirmed": view.text("error.confirm")})
    try:
        view.admin.erase_device(id2)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done(place_of(id2), Flash("devices.erased"))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    device = view.admin.device(view.path("id2"))
    now_ms = _now_ms(view)
    return view.page(
        "device.html.j2",
        422 if errors or problem else 200,
        device=device,
        state=device.state_at(now_ms),
        released_code=view.admin.released_code if device.released_at(now_ms) else None,
        states=tuple(DeviceState),
        calls=tuple(reversed(view.admin.calls(id2=device.id2, limit=_CALLS))),
        errors=errors or {},
        problem=problem,
    )


def _now_ms(view: ConsoleView) -> int:
    return round(view.admin.now().timestamp() * 1000)
