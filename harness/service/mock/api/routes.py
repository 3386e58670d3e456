"""Where the admin API is mounted."""

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

from harness.service.mock.admin.admin import Admin
from harness.service.mock.api.app import build, home
from harness.service.mock.api.body_limit import BodyLimit
from harness.service.mock.http.guard import Guard


def routes(admin: Admin, guard: Guard) -> list[BaseRoute]:
    """Return the admin API under `/admin`, behind the guard."""
    return [
        Route("/admin", home, methods=["GET"], middleware=[Middleware(guard.protect)]),
        Mount("/admin", app=guard.protect(BodyLimit(build(admin)))),
    ]
