"""The console: server-rendered pages in English and Chinese, in front of one mock service's `Admin`."""

from harness.service.mock.console.routes import routes

__all__ = ["routes"]
