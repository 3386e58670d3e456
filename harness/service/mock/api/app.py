"""The admin API over HTTP: what `Admin` does in process, with an OpenAPI description at `/admin/openapi.json`.

Source: service.md 2, 3; the real service has no such interface, its consoles do this.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Match, Mount, Route

from harness import __version__
from harness.errors import UsageError
from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import control, devices, importing, licences, production, products
from harness.service.mock.api.body_limit import BodyLimit
from harness.service.mock.api.models import Problem
from harness.web.guard import Guard

_DESCRIPTION = """\
The console side of the mock ID² service: products, licences, devices, AccessKeys, the call log, the clock and the
fault switches. Every error has the same body: `error` says what is wrong, `hint` what to try.
"""
_MAX_TOLD = 8
_WHERE = {"api": "admin API of the mock ID² service", "description": "/admin/openapi.json"}


def routes(admin: Admin, guard: Guard) -> list[BaseRoute]:
    """Return the admin API under `/admin`, behind the guard."""
    return [
        Route("/admin", _home, methods=["GET"], middleware=[Middleware(guard.protect)]),
        Mount("/admin", app=guard.protect(BodyLimit(_build(admin)))),
    ]


def _build(admin: Admin) -> FastAPI:
    app = FastAPI(
        title="Mock ID² service: admin API",
        description=_DESCRIPTION,
        version=__version__,
        # The usual pages for people load their scripts from elsewhere; the description alone does without.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        root_path_in_servers=False,
        servers=[{"url": "/admin"}],
        responses={
            413: {"model": Problem, "description": "The body is larger than 1 MiB."},
            422: {"model": Problem, "description": "The request is not in the described form."},
        },
    )
    for part in (products, licences, devices, importing, production, control):
        app.include_router(part.router(admin))
    app.add_route("/", _home, include_in_schema=False)
    app.add_exception_handler(UsageError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    return app


async def _home(_request: Request) -> JSONResponse:
    """Say where the description is, to people who open `/admin`."""
    return JSONResponse(_WHERE)


def _problem(status: int, error: str, hint: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": error, "hint": hint}, status, headers)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UsageError)
    return _problem(409, error.message, error.hint)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # The values themselves are not repeated: keys and secrets may be among them.
    told = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()[:_MAX_TOLD]
    ]
    return _problem(422, "; ".join(told), "the description is at /admin/openapi.json")


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    # A body that is no text at all is as malformed as one in another form.
    malformed = error.status_code == HTTPStatus.BAD_REQUEST
    status = HTTPStatus.UNPROCESSABLE_ENTITY if malformed else error.status_code
    return _problem(status, str(error.detail), headers=headers)


def _methods(request: Request) -> set[str]:
    """Return the methods of all routes of a path; the framework itself names those of the first one only."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
