"""A mock service over real HTTP."""

from collections.abc import Iterator

import pytest

from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from tests.service.service_bench import Bench


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """One mock with default settings for all tests that do not move its clock."""
    with MockService() as mock, mock.client() as service:
        yield Bench(mock, service)


@pytest.fixture
def own_bench(request) -> Iterator[Bench]:
    """A mock of the test's own; parametrise it indirectly with `Settings`."""
    with MockService(settings=getattr(request, "param", Settings())) as mock, mock.client() as service:
        yield Bench(mock, service)
