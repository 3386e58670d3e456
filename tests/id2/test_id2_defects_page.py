"""The page of the known defects is the table that the reports name them from."""

import re
from pathlib import Path

import pytest

from harness.id2 import defects, published
from harness.id2.explain import explain
from harness.id2.keys import KeyType
from harness.logcheck import KeyRing
from tests.logcheck.console_maker import Maker
from tests.logcheck.log_samples import check
from tests.logcheck.test_log_builds import build

PAGE = Path(__file__).parents[2] / "docs" / "known-defects.md"


def test_the_page_is_up_to_date():
    text = PAGE.read_text()
    between = text[text.index(defects.BEGIN) + len(defects.BEGIN) : text.index(defects.END)]
    assert between.strip() == defects.table(), "run python -m harness.id2.defects docs/known-defects.md"


def test_writing_the_page_changes_nothing(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text(PAGE.read_text())
    defects.write_into(copy)
    assert copy.read_text() == PAGE.read_text()


@pytest.mark.parametrize("defect", defects.DEFECTS, ids=lambda one: one.id)
def test_each_is_whole_and_explained(defect):
    assert re.fullmatch(r"\d\.\d\.\d( to \d\.\d\.\d)?", defect.versions)
    assert defect.seen
    assert "|" not in defect.meaning + defect.seen
    (found,) = explain(defect.id)
    lines = dict(found.lines)
    assert lines["releases"] == f"SDK {defect.versions}"
    assert lines["source"] == defect.reference


def findings(report):
    return {finding.id for finding in report.findings}


def test_the_demo_key_of_the_puf_is_named_when_it_fits_and_no_other():
    assert "k.12" in findings(check(build("puf-k256"), KeyRing.debug()))
    assert "k.12" not in findings(check(build("puf-k256")))
    assert "k.12" not in findings(check(build("se-aes-128"), KeyRing.debug()))


def test_an_mtk_adapter_in_an_aes_build_is_named_and_one_for_3des_is_not():
    aes = Maker(published.KEYS[KeyType.AES_128].key, "00FFFFFF0123456789ABCDEF", dumps="mtk")
    assert "e.3" in findings(check(aes.text()))
    assert "e.3" not in findings(check(build("mtk-decrypt")))
