import pytest

from harness.service.mock.server import MockService
from tests.web_console.web_bench import PUBLISHED, SE_ID, SE_KEY, Browser, Watch


@pytest.fixture
def mock():
    with MockService(web=True) as running:
        running.admin.add_device(PUBLISHED.id2, PUBLISHED.key)
        running.admin.add_device(SE_ID, SE_KEY)
        yield running


@pytest.fixture(scope="module")
def shared_mock():
    """A mock that no test changes; what a test adds, no other one counts."""
    with MockService(web=True) as running:
        running.admin.add_device(PUBLISHED.id2, PUBLISHED.key)
        running.admin.add_device(SE_ID, SE_KEY)
        yield running


@pytest.fixture
def visitor(shared_mock):
    made = Browser(shared_mock)
    yield made
    made.close()


@pytest.fixture
def browser(mock):
    made = Browser(mock)
    yield made
    made.close()


@pytest.fixture
def context(chromium, mock):
    made = chromium.new_context(base_url=mock.endpoint, locale="en-GB")
    made.grant_permissions(["clipboard-read", "clipboard-write"], origin=mock.endpoint)
    yield made
    made.close()


@pytest.fixture
def page(context, mock):
    made = context.new_page()
    made.set_default_timeout(60_000)  # a busy machine lays out megabytes slowly
    watch = Watch(made, mock.endpoint)
    yield made
    assert watch.seen == []
