"""Makes `pytest --board boards/x.yaml suites/` the same as `harness run boards/x.yaml`."""

pytest_plugins = ["harness.fixtures.plugin"]
