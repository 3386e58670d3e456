import re
from typing import Self

import httpx
import pytest

from harness.bench_page.bench import Bench
from harness.bench_page.server import BenchPage
from tests.bench_page.made import make_boards


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "locks"))
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def bench(runs, tmp_path):
    return Bench(runs, make_boards(tmp_path / "boards", "alpha", "beta"), suites=("mine", "other"))


@pytest.fixture
def page(bench):
    with BenchPage(bench) as running:
        yield running


class Visitor:
    """A browser without scripts."""

    def __init__(self, page: BenchPage, **options: object) -> None:
        # Without TLS there is nothing to verify, and reading all authorities of this machine takes long.
        self.http = httpx.Client(
            base_url=page.address, trust_env=False, follow_redirects=True, timeout=30, verify=False, **options
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.http.close()

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.http.get(path, **options)

    def hidden(self, path: str, name: str = "csrf") -> str:
        found = re.search(rf'name="{name}" value="([0-9a-f]+)"', self.get(path).text)
        assert found, f"{path} has no field {name}"
        return found[1]

    def post(self, path: str, *, of: str = "/start", **fields: str) -> httpx.Response:
        return self.http.post(path, data={"csrf": self.hidden(of), **fields})


@pytest.fixture
def visitor(page):
    with Visitor(page) as made:
        yield made
