"""Settings for all tests: no deadline on an example, as benchmarks say how long one takes; locks of their own."""

import gc
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from harness.board.opening.locks import FOLDER_VARIABLE
from harness.report.pdf.renderer import PdfReport

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Let `-n auto` start half as many processes more than there are cores, as tests wait for a quarter of their time."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return max(2, len(os.sched_getaffinity(0)) * 3 // 2)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without a test of the kind that is asked for, as importing all takes a quarter of a minute."""
    if not collection_path.name.startswith("test_") or collection_path.suffix != ".py":
        return None
    if any(collection_path.name in argument for argument in config.invocation_params.args):
        return None
    return True if has_none_of(config.option.markexpr, collection_path.read_text(encoding="utf-8")) else None


def has_none_of(expression: str, text: str) -> bool:
    """Tell whether the text of a file shows that it has no test of these marks.

    Args:
        expression: What `-m` says; only of one mark at most, and marks that are not wanted, is anything told.
        text: The file. A test has only marks that its file names, and always the one of `pytestmark`.
    """
    terms = expression.split(" and ")
    wanted = [term for term in terms if not term.startswith("not ")]
    if any(not term.removeprefix("not ").isidentifier() for term in terms) or len(wanted) > 1:
        return False
    of_all = re.search(r"^pytestmark = pytest\.mark\.(\w+)", text, re.MULTILINE)
    if of_all is not None and f"not {of_all[1]}" in terms:
        return True
    return any(f"mark.{term}" not in text for term in wanted)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Have every other process of several collect from the end on: what one of them compiled the others only read."""
    report = yield
    worker = getattr(collector.config, "workerinput", {}).get("workerid", "gw0")
    if isinstance(collector, pytest.Directory) and int(worker.removeprefix("gw")) % 2:
        report.result.reverse()
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put tests into one order again, which all processes must have."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path)


_SEEN: dict[str, Path] = {}
"""The file whose test was begun last."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Keep half a million objects of collected tests from the collector, as each run in this process calls it twice.

    A look at them takes 0.3 s. Campaigns in this process give all objects back to the collector when they end. Whether
    one did is asked once a file: the answer counts all of them.
    """
    if _SEEN.get("last") != item.path:
        _SEEN["last"] = item.path
        if not gc.get_freeze_count():
            gc.collect()
            gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the locks of this process of tests apart: others run boards and controllers of the same names at the same time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("locks")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _runs_without_pdf() -> Iterator[None]:
    """Leave the PDFs out of the run folders that tests make, as each costs a third of a second: `with_pdf` judges them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PdfReport, "lacks", lambda _: "the tests render PDFs where they judge them")
        yield


@pytest.fixture
def with_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render the PDFs into run folders, as it is outside of tests."""
    monkeypatch.setattr(PdfReport, "lacks", lambda _: "")


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Give the one browser of all tests: Playwright starts once in a process."""
    from playwright.sync_api import sync_playwright  # the default run does without

    program = shutil.which("chromium")
    assert program is not None, "chromium is missing; `make browser-test` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
