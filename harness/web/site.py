"""From requests to pages: language, browser cookie, form and its token, the handler, and errors as pages."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Scope

from harness.errors import UsageError
from harness.web import login
from harness.web.appearance import Appearance
from harness.web.forms import BODY_MAX, FIELDS_MAX, BadForm, read_form
from harness.web.guard import Guard, Refusal, cookie
from harness.web.language import Language, choose
from harness.web.view import LIVE_HEADER, Flashes, View

_LOG = logging.getLogger(__name__)
_LANGUAGE_COOKIE = "id2-language"
_YEAR_S = 365 * 24 * 3600
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]
_HERE = frozenset(_METHODS[:3])

V = TypeVar("V", bound=View[Any])
Endpoint = Callable[[Request], Awaitable[Response]]


class Site(Generic[V]):
    """Pages in front of one thing that they show and change."""

    def __init__(
        self,
        kind: type[V],
        behind: Any,
        appearance: Appearance,
        guard: Guard,
        *,
        busy: tuple[type[Exception], ...] = (),
        body_max: int = BODY_MAX,
        fields_max: int = FIELDS_MAX,
    ) -> None:
        """Make a site.

        Args:
            kind: The view that its handlers get.
            behind: What stands behind it.
            appearance: How it looks.
            guard: Who may ask.
            busy: Errors that say to try again later, as those of a locked store.
            body_max: Largest form, bytes.
            fields_max: Most fields of a form.
        """
        self._kind = kind
        self._behind = behind
        self._appearance = appearance
        self._guard = guard
        self._busy = busy
        self._body_max = body_max
        self._fields_max = fields_max
        self._flashes = Flashes()
        guard.show_by(self._refused)

    def routes(
        self, pages: Sequence[tuple[str, str, Callable[[V], Response]]], extra: Sequence[BaseRoute] = ()
    ) -> list[BaseRoute]:
        """Return the routes of the site, behind its guard.

        Args:
            pages: Method, path below the root, handler.
            extra: Routes that are no pages, below the root too: event streams, downloads.
        """
        root = self._appearance.root

        def home(_request: Request) -> Response:
            return RedirectResponse(f"{root}/", 307)

        inside: list[BaseRoute] = [Route("/static/{name}", self._static), *extra]
        everywhere: Sequence[tuple[str, str, Callable[[V], Response]]] = (
            ("GET", "/login", login.show),
            ("POST", "/login", login.log_in),
            ("POST", "/logout", login.log_out),
            *pages,
        )
        inside += [
            Route(path, self._endpoint(handler), methods=[method]) for method, path, handler in everywhere
        ]
        # With every method, or the framework refuses it by itself, without the headers and the look of a page.
        inside.append(Route("/{path:path}", self._endpoint(_missing), methods=_METHODS))
        mounted = Mount(root, routes=inside, middleware=[Middleware(self._guard.protect)])
        return [Route(root, home, methods=["GET"]), mounted] if root else [mounted]

    def _endpoint(self, handler: Callable[[V], Response]) -> Endpoint:
        async def answer(request: Request) -> Response:
            view, problem = await self._view(request)
            if problem is not None:
                response = view.page(
                    "message.html.j2",
                    problem.status,
                    title=f"{problem.status}",
                    message=view.text(problem.text, **problem.values),
                )
            else:
                # In a thread: a list over 100,000 devices must not hold up what else this process answers.
                response = await run_in_threadpool(self._run, handler, view)
            self._remember(view, response)
            return response

        return answer

    async def _static(self, request: Request) -> Response:
        found = self._appearance.static(request.path_params["name"])
        return Response(status_code=404) if found is None else Response(found[0], media_type=found[1])

    def _refused(self, scope: Scope, refused: Refusal) -> Response:
        """Return the page that says why a request is not let through."""
        view = self._asked(Request(scope), {})
        return view.page(
            "message.html.j2",
            refused.status,
            title=view.text(f"refusal.{refused.code}"),
            message=view.text(f"refusal.{refused.code}_long"),
            hint=view.text(f"refusal.{refused.code}_hint"),
            inside=False,
        )

    async def _view(self, request: Request) -> tuple[V, BadForm | None]:
        scope = request.scope
        form: dict[str, str] = {}
        problem = None
        if request.method == "POST":
            try:
                form = await read_form(request, self._body_max, self._fields_max)
            except BadForm as bad:
                problem = bad
            else:
                if not self._guard.is_own_form(scope, form.pop("csrf", "")):
                    form, problem = {}, BadForm(403, "error.old_form")
        return self._asked(request, form), problem

    def _asked(self, request: Request, form: dict[str, str]) -> V:
        scope = request.scope
        browser = cookie(scope, self._guard.browser_cookie(scope))
        language = choose(
            request.headers.get(LIVE_HEADER, "") or request.query_params.get("lang", ""),
            cookie(scope, _LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )
        return self._kind(
            behind=self._behind,
            appearance=self._appearance,
            guard=self._guard,
            request=request,
            form=form,
            language=language,
            browser=browser if 16 <= len(browser) <= 64 else secrets.token_urlsafe(24),
            flashes=self._flashes,
        )

    def _remember(self, view: V, response: Response) -> None:
        scope = view.request.scope
        name = self._guard.browser_cookie(scope)
        if cookie(scope, name) != view.browser:
            self._guard.set_cookie(response, name, view.browser)
        if view.query("lang") in list(Language) and LIVE_HEADER not in view.request.headers:
            self._guard.set_cookie(response, _LANGUAGE_COOKIE, view.language.value, max_age_s=_YEAR_S)

    def _run(self, handler: Callable[[V], Response], view: V) -> Response:
        try:
            return handler(view)
        except UsageError as error:
            return _message(view, 404, "error.not_found", view.said(error.message))
        except self._busy as error:
            _LOG.warning("a page has to wait: %s", error)
            return _message(view, 503, "error.busy", view.text("error.busy_long"))
        except Exception:  # noqa: BLE001 - a defect is a page with status 500, and a line in the log
            _LOG.exception("a page failed")
            return _message(view, 500, "error.defect", view.text("error.defect_long"))


def _missing(view: View[Any]) -> Response:
    if view.request.method not in _HERE:
        response = _message(view, 405, "error.method", view.text("error.method_long"))
        response.headers["Allow"] = "GET, HEAD, POST"
        return response
    return _message(view, 404, "error.not_found", view.text("error.no_page"))


def _message(view: View[Any], status: int, title: str, message: str) -> Response:
    return view.page("message.html.j2", status, title=view.text(title), message=message)
