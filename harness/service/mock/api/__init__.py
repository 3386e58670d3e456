"""The admin API of the mock service over HTTP."""

from harness.service.mock.api.app import routes

__all__ = ["routes"]
