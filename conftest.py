"""Makes `pytest --board boards/x.yaml suites/` the same as `harness run boards/x.yaml`, installed or not."""

import pytest

from harness.fixtures.pytest_entry import PLUGIN


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Load the plugin, whatever the command line says."""
    del parser
    pluginmanager.import_plugin(PLUGIN)
