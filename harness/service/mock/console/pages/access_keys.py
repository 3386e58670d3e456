"""AccessKeys: whose calls the service takes, and what they may do.

Source: service.md 4.1 (RAM).
"""

from starlette.responses import Response

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.store.access import Policy
from harness.web.view import Flash

_LIFETIME_MIN_S, _LIFETIME_MAX_S = 900, 43_200


def show(view: ConsoleView) -> Response:
    """List the AccessKeys."""
    return _show(view)


def create(view: ConsoleView) -> Response:
    """Make one; its secret is shown once."""
    if view.field("policy") not in list(Policy):
        return _show(view, errors={"policy": view.text("error.choice")})
    try:
        made = view.admin.create_access_key(view.field("policy"))
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    once: dict[str, str | Secret] = {"keys.id": made.id, "keys.secret": made.secret}
    return view.done("/keys", Flash("keys.created", once=once))


def issue(view: ConsoleView) -> Response:
    """Make a temporary one, as STS does."""
    lifetime = view.number("lifetime", _LIFETIME_MAX_S)
    errors: dict[str, str] = {}
    if view.field("policy") not in list(Policy):
        errors["sts_policy"] = view.text("error.choice")
    if lifetime is None or lifetime < _LIFETIME_MIN_S:
        errors["lifetime"] = view.text("error.lifetime", least=_LIFETIME_MIN_S, most=_LIFETIME_MAX_S)
    if errors or lifetime is None:
        return _show(view, errors=errors)
    try:
        made = view.admin.issue_sts(view.field("policy"), lifetime_s=lifetime)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    once: dict[str, str | Secret] = {
        "keys.id": made.access_key.id,
        "keys.secret": made.access_key.secret,
        "keys.token": made.token,
    }
    return view.done("/keys", Flash("keys.issued", once=once))


def delete(view: ConsoleView) -> Response:
    """Delete one."""
    try:
        view.admin.delete_access_key(view.field("id", 128))
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done("/keys", Flash("keys.deleted"))


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    return view.page(
        "keys.html.j2",
        422 if errors or problem else 200,
        keys=view.admin.access_keys(),
        policies=tuple(Policy),
        least=_LIFETIME_MIN_S,
        most=_LIFETIME_MAX_S,
        errors=errors or {},
        problem=problem,
    )
