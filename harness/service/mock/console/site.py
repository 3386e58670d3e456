"""From requests to pages: language, browser cookie, form and its token, the handler, and errors as pages."""

import logging
import secrets
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from harness.errors import UsageError
from harness.service.mock.admin.admin import Admin
from harness.service.mock.console.forms import BadForm, read_form
from harness.service.mock.console.language import Language, choose
from harness.service.mock.console.view import Flashes, View
from harness.service.mock.http.guard import Guard, cookie

_LOG = logging.getLogger(__name__)
_STATIC = Path(__file__).parent / "static"
_STATIC_TYPES = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
_LANGUAGE_COOKIE = "id2-language"
_YEAR_S = 365 * 24 * 3600

Handler = Callable[[View], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Site:
    """The console of one mock service."""

    def __init__(self, admin: Admin, guard: Guard) -> None:
        self._admin = admin
        self._guard = guard
        self._flashes = Flashes()

    def endpoint(self, handler: Handler) -> Endpoint:
        """Return what Starlette calls for a handler."""

        async def answer(request: Request) -> Response:
            view, problem = await self._view(request)
            if problem is not None:
                response = view.page(
                    "message.html.j2",
                    problem.status,
                    title=f"{problem.status}",
                    message=view.text(problem.text),
                )
            else:
                # In a thread: a list over 100,000 devices must not hold up the runtime API.
                response = await run_in_threadpool(_run, handler, view)
            self._remember(view, response)
            return response

        return answer

    async def static(self, request: Request) -> Response:
        """Answer with the style sheet or the script."""
        kind = _STATIC_TYPES.get(request.path_params["name"])
        if kind is None:
            return Response(status_code=404)
        # Whole, from memory: a file that is sent in parts stays open when the service ends in between.
        return Response((_STATIC / request.path_params["name"]).read_bytes(), media_type=kind)

    async def _view(self, request: Request) -> tuple[View, BadForm | None]:
        scope = request.scope
        browser = cookie(scope, self._guard.browser_cookie(scope))
        language = choose(
            request.query_params.get("lang", ""),
            cookie(scope, _LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )
        form: dict[str, str] = {}
        problem = None
        if request.method == "POST":
            try:
                form = await read_form(request)
            except BadForm as bad:
                problem = bad
            else:
                if not self._guard.is_own_form(scope, form.pop("csrf", "")):
                    form, problem = {}, BadForm(403, "error.old_form")
        view = View(
            admin=self._admin,
            guard=self._guard,
            request=request,
            form=form,
            language=language,
            browser=browser if 16 <= len(browser) <= 64 else secrets.token_urlsafe(24),
            flashes=self._flashes,
        )
        return view, problem

    def _remember(self, view: View, response: Response) -> None:
        scope = view.request.scope
        name = self._guard.browser_cookie(scope)
        if cookie(scope, name) != view.browser:
            self._guard.set_cookie(response, name, view.browser)
        if view.query("lang") in list(Language):
            self._guard.set_cookie(response, _LANGUAGE_COOKIE, view.language.value, max_age_s=_YEAR_S)


def _run(handler: Handler, view: View) -> Response:
    try:
        return handler(view)
    except UsageError as error:
        return view.page("message.html.j2", 404, title=view.text("error.not_found"), message=error.message)
    except sqlite3.OperationalError as error:
        _LOG.warning("the store refuses a page: %s", error)
        return view.page(
            "message.html.j2", 503, title=view.text("error.busy"), message=view.text("error.busy_long")
        )
    except Exception:  # noqa: BLE001 - a defect is a page with status 500, and a line in the log
        _LOG.exception("a page of the console failed")
        return view.page(
            "message.html.j2", 500, title=view.text("error.defect"), message=view.text("error.defect_long")
        )
