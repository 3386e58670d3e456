"""Device-side adaptation verification: paste the report, take the ciphertext, confirm the decryption.

Source: service.md 7.
"""

from starlette.responses import Response

from harness.errors import UsageError
from harness.service.mock.console.view import ConsoleView
from harness.web.view import Flash

_SHOWN = 20
_PASTE_MAX = 4 * 1024 * 1024


def show_all(view: ConsoleView) -> Response:
    """Ask for a report, and list the last verifications."""
    return _ask(view)


def verify(view: ConsoleView) -> Response:
    """Judge a report."""
    text = _pasted(view)
    if not text.strip():
        return _ask(view, errors={"report": view.text("error.paste")})
    try:
        made = view.admin.verify_report(text)
    except UsageError as error:
        return _ask(view, errors={"report": view.said(error.message)})
    return view.done(f"/adaptation/{made.id}")


def show(view: ConsoleView) -> Response:
    """Show a verification: verdicts, and what comes next."""
    return _show(view)


def verify_decryption(view: ConsoleView) -> Response:
    """Judge the second console log."""
    text = _pasted(view)
    if not text.strip():
        return _show(view, errors={"report": view.text("error.paste")})
    try:
        made = view.admin.verify_decryption(_number(view), text)
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done(f"/adaptation/{made.id}#decryption")


def answer(view: ConsoleView) -> Response:
    """Take a person's word for what the device printed."""
    if view.field("answer") not in ("pass", "fail"):
        return _show(view, errors={"answer": view.text("error.choice")})
    try:
        made = view.admin.confirm_decryption(_number(view), passed=view.field("answer") == "pass")
    except UsageError as error:
        return _show(view, problem=view.said(error.message))
    return view.done(f"/adaptation/{made.id}#decryption", Flash("adaptation.answered"))


def download(view: ConsoleView) -> Response:
    """Return a verification as JSON."""
    made = view.admin.adaptation(_number(view))
    return view.download(f"id2-adaptation-{made.id}.json", made.to_record())


def _pasted(view: ConsoleView) -> str:
    """Return the file that was uploaded, or else what was pasted."""
    return view.form.get("file", "")[:_PASTE_MAX] or view.form.get("report", "")[:_PASTE_MAX]


def _number(view: ConsoleView) -> int:
    return int(view.path("number"))


def _ask(view: ConsoleView, *, errors: dict[str, str] | None = None) -> Response:
    return view.page(
        "adaptations.html.j2",
        422 if errors else 200,
        verifications=view.admin.adaptations(_SHOWN),
        errors=errors or {},
    )


def _show(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    made = view.admin.adaptation(_number(view))
    return view.page(
        "adaptation.html.j2",
        422 if errors or problem else 200,
        made=made,
        device=view.admin.find_device(made.id2) if made.id2.isascii() else None,
        inputs=view.admin.device_inputs(made.id) if made.report_passed else None,
        errors=errors or {},
        problem=problem,
    )
