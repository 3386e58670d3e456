"""The admin API of the mock service over HTTP."""

from harness.service.mock.api.routes import routes

__all__ = ["routes"]
