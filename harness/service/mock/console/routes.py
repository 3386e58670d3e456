"""The addresses of the console."""

import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from harness.id2.codes import describe_service
from harness.service.mock.admin.admin import Admin
from harness.service.mock.console.pages import (
    access_keys,
    adaptation,
    calls,
    clock,
    debugging,
    devices,
    faults,
    importing,
    licences,
    overview,
    production,
    products,
)
from harness.service.mock.console.view import Backend, ConsoleView
from harness.web.appearance import Appearance
from harness.web.events import Event, EventStreams
from harness.web.guard import Guard
from harness.web.site import Site

_FOLDER = Path(__file__).parent
_MENU = (
    "overview",
    "products",
    "licences",
    "devices",
    "keys",
    "calls",
    "debugging",
    "adaptation",
    "production",
    "faults",
    "clock",
)
Handler = Callable[[ConsoleView], Response]

_PAGES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", overview.show),
    ("GET", "/products", products.show_all),
    ("POST", "/products", products.create),
    ("GET", "/products/new", products.show_new),
    ("GET", "/products/{product_key}", products.show),
    ("POST", "/products/{product_key}/secret", products.reveal),
    ("POST", "/products/{product_key}/algorithm", products.change_algorithm),
    ("POST", "/products/{product_key}/licences", products.buy),
    ("POST", "/products/{product_key}/otp", products.switch_otp),
    ("POST", "/products/{product_key}/renewal", products.switch_renewal),
    ("POST", "/products/{product_key}/registration", products.set_registration),
    ("POST", "/products/{product_key}/whitelist", products.change_whitelist),
    ("GET", "/licences", licences.show),
    ("POST", "/licences", licences.buy),
    ("POST", "/licences/assign", licences.assign),
    ("GET", "/devices", devices.show_all),
    ("GET", "/devices/new", importing.show_new),
    ("POST", "/devices/new", importing.register),
    ("POST", "/devices/import", importing.upload),
    ("GET", "/devices/import/{name}", importing.show),
    ("POST", "/devices/import/{name}", importing.put_in),
    ("POST", "/devices/import/{name}/drop", importing.drop),
    ("GET", "/devices.csv", devices.download),
    ("POST", "/devices/{id2:path}/state", devices.set_state),
    ("POST", "/devices/{id2:path}/erase", devices.erase),
    ("GET", "/devices/{id2:path}", devices.show),
    ("GET", "/keys", access_keys.show),
    ("POST", "/keys", access_keys.create),
    ("POST", "/keys/temporary", access_keys.issue),
    ("POST", "/keys/delete", access_keys.delete),
    ("GET", "/calls", calls.show),
    ("GET", "/clock", clock.show),
    ("POST", "/clock", clock.move),
    ("GET", "/debugging", debugging.show),
    ("POST", "/debugging/device", debugging.make_device),
    ("POST", "/debugging/code", debugging.make_code),
    ("GET", "/production", production.show),
    ("POST", "/production/vendors", production.register_vendor),
    ("POST", "/production/licences", production.grant),
    ("GET", "/faults", faults.show),
    ("POST", "/faults", faults.switch_on),
    ("POST", "/faults/off", faults.switch_off),
    ("POST", "/faults/clear", faults.clear),
    ("GET", "/adaptation", adaptation.show_all),
    ("POST", "/adaptation", adaptation.verify),
    ("GET", "/adaptation/{number:int}", adaptation.show),
    ("GET", "/adaptation/{number:int}.json", adaptation.download),
    ("POST", "/adaptation/{number:int}/decryption", adaptation.verify_decryption),
    ("POST", "/adaptation/{number:int}/answer", adaptation.answer),
)


def routes(admin: Admin, guard: Guard) -> list[BaseRoute]:
    """Return what answers below `/console`, behind the guard."""
    site = Site(
        ConsoleView,
        Backend(admin),
        Appearance(_FOLDER, root="/console", menu=_MENU, functions={"described": describe_service}),
        guard,
        busy=(sqlite3.OperationalError,),
    )

    # Marks count from the start of a process; one of another process must not look like one of this.
    start = secrets.token_hex(4)

    def changed(_request: Request, last: str) -> tuple[Event, ...]:
        mark = f"{start}.{admin.change_mark()}"
        return () if mark == last else (Event(mark),)

    return site.routes(_PAGES, [EventStreams(guard).route("/changes", changed)])
