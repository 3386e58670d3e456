"""The addresses of the console."""

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from harness.service.mock.admin.admin import Admin
from harness.service.mock.console.pages import (
    access_keys,
    adaptation,
    calls,
    clock,
    debugging,
    devices,
    licences,
    login,
    overview,
    products,
)
from harness.service.mock.console.site import Handler, Site
from harness.service.mock.console.view import View
from harness.service.mock.http.guard import Guard


def _missing(view: View) -> Response:
    return view.page(
        "message.html.j2",
        404,
        title=view.text("error.not_found"),
        message=view.text("error.no_page"),
    )


_PAGES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", overview.show),
    ("GET", "/login", login.show),
    ("POST", "/login", login.log_in),
    ("POST", "/logout", login.log_out),
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
    ("GET", "/devices/{id2}", devices.show),
    ("POST", "/devices/{id2}/state", devices.set_state),
    ("POST", "/devices/{id2}/erase", devices.erase),
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
    ("GET", "/adaptation", adaptation.show_all),
    ("POST", "/adaptation", adaptation.verify),
    ("GET", "/adaptation/{number:int}", adaptation.show),
    ("GET", "/adaptation/{number:int}.json", adaptation.download),
    ("POST", "/adaptation/{number:int}/decryption", adaptation.verify_decryption),
    ("POST", "/adaptation/{number:int}/answer", adaptation.answer),
    ("GET", "/{path:path}", _missing),
)


def routes(admin: Admin, guard: Guard) -> list[BaseRoute]:
    """Return what answers below `/console`, behind the guard."""
    site = Site(admin, guard)

    def home(_request: Request) -> Response:
        return RedirectResponse("/console/", 307)

    inside: list[BaseRoute] = [Route("/static/{name}", site.static)]
    inside += [Route(path, site.endpoint(handler), methods=[method]) for method, path, handler in _PAGES]
    return [
        Route("/console", home, methods=["GET"]),
        Mount("/console", routes=inside, middleware=[Middleware(guard.protect)]),
    ]
