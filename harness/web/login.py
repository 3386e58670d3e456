"""Showing the token once, and leaving again."""

from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from harness.web.view import View


def show(view: View[Any]) -> Response:
    """Ask for the token."""
    return _ask(view, next=_within(view, view.query("next")))


def log_in(view: View[Any]) -> Response:
    """Check it."""
    scope = view.request.scope
    where = _within(view, view.field("next"))
    if view.guard.tried_too_often(scope):
        return _ask(view, 429, next=where, errors={"token": view.text("login.too_often")})
    session = view.guard.login(scope, view.field("token"))
    if session is None:
        return _ask(view, 403, next=where, errors={"token": view.text("login.wrong")})
    response = view.done(where or "/")
    view.guard.set_cookie(response, view.guard.session_cookie(scope), session)
    return response


def log_out(view: View[Any]) -> Response:
    """End the session."""
    scope = view.request.scope
    view.guard.logout(scope)
    response = view.done("/login")
    view.guard.set_cookie(response, view.guard.session_cookie(scope), "", max_age_s=0)
    return response


def _ask(view: View[Any], status: int = 200, **values: Any) -> Response:
    return view.page("login.html.j2", status, needed=view.guard.needs_login, **values)


def _within(view: View[Any], address: str) -> str:
    """Return a page of this site to go to after the login; empty for an address that is none, or elsewhere."""
    root = view.appearance.root
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    elsewhere = parts.scheme or parts.netloc or "\\" in address or not address.isprintable()
    if elsewhere or not address.startswith(f"{root}/") or address.startswith("//"):
        return ""
    return address.removeprefix(root)
