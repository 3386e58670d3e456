"""Where the admin API is mounted."""

from starlette.routing import BaseRoute, Mount

from harness.service.mock.admin import Admin
from harness.service.mock.api.app import build
from harness.service.mock.guard import Guard


def routes(admin: Admin, guard: Guard) -> list[BaseRoute]:
    """Return the admin API under `/admin`, behind the guard."""
    return [Mount("/admin", app=guard.protect(build(admin)))]
