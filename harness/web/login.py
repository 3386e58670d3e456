"""Showing the token once, and leaving again."""

from typing import Any

from starlette.responses import Response

from harness.web.view import View


def show(view: View[Any]) -> Response:
    """Ask for the token."""
    return view.page("login.html.j2", needed=view.guard.needs_login)


def log_in(view: View[Any]) -> Response:
    """Check it."""
    scope = view.request.scope
    if view.guard.tried_too_often(scope):
        return view.page("login.html.j2", 429, needed=True, errors={"token": view.text("login.too_often")})
    session = view.guard.login(scope, view.field("token"))
    if session is None:
        return view.page("login.html.j2", 403, needed=True, errors={"token": view.text("login.wrong")})
    response = view.done("/")
    view.guard.set_cookie(response, view.guard.session_cookie(scope), session)
    return response


def log_out(view: View[Any]) -> Response:
    """End the session."""
    scope = view.request.scope
    view.guard.logout(scope)
    response = view.done("/login")
    view.guard.set_cookie(response, view.guard.session_cookie(scope), "", max_age_s=0)
    return response
