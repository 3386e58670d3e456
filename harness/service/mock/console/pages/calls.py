"""The call log: what servers asked, and what a code that they got means."""

from starlette.responses import Response

from harness.service.mock.console.view import ConsoleView
from harness.service.mock.operations import OPERATIONS

_PAGE = 50


def show(view: ConsoleView) -> Response:
    """Show calls, newest first, a page at a time."""
    text = view.query("before")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    operation, id2 = view.query("operation"), view.query("id2")
    found = view.admin.calls(limit=_PAGE + 1, before=before, operation=operation or None, id2=id2 or None)
    page = tuple(reversed(found))[:_PAGE]
    return view.page(
        "calls.html.j2",
        calls=page,
        older=page[-1].id if len(found) > _PAGE else None,
        before=before,
        operations=tuple(OPERATIONS),
        operation=operation,
        id2=id2,
    )
