"""The tables of texts: both languages have the same, and every text that a page names is there."""

import re
import string
from pathlib import Path

import pytest

import harness.service.mock.console as package
import harness.web as shared
from harness.id2.adaptation import Cause, Item, Verdict
from harness.id2.codes import ServiceCode
from harness.id2.decryption import DecryptionCause
from harness.service.mock.console.pages.debugging import ALGORITHMS
from harness.service.mock.faults import FaultKind
from harness.service.mock.importing.importing import FileKind, Outcome
from harness.service.mock.importing.rows import Thing, Why
from harness.service.mock.store.access import Policy
from harness.service.mock.store.devices import DeviceState, Origin
from harness.service.mock.store.licences import OrderKind, Reason
from harness.service.mock.store.products import Console, Edition, NodeType, Registration
from harness.web.appearance import shown
from harness.web.language import Language, choose, texts

FOLDER = Path(package.__file__).parent
SHARED = Path(shared.__file__).parent


def table(language):
    return texts(FOLDER / "texts", language)


FAMILIES = {
    "item": Item,
    "item_good": Item,
    "cause": Cause,
    "decryption": DecryptionCause,
    "verdict": Verdict,
    "state": DeviceState,
    "state_long": DeviceState,
    "origin": Origin,
    "order_kind": OrderKind,
    "ledger": Reason,
    "policy": Policy,
    "console": Console,
    "edition": Edition,
    "node_type": NodeType,
    "registration": Registration,
    "code": ServiceCode,
    "fault_kind": FaultKind,
    "fault_long": FaultKind,
    "file_kind": FileKind,
    "outcome": Outcome,
    "thing": Thing,
    "import_problem": frozenset(Why) - {Why.SAID},
}


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts():
    english, chinese = table(Language.EN), table(Language.ZH)
    assert english.keys() == chinese.keys()
    for key in english:
        assert placeholders(english[key]) == placeholders(chinese[key]), key
        assert english[key].strip(), key
        assert chinese[key].strip(), key


def test_every_text_that_is_named_is_there():
    sources = "\n".join(
        path.read_text()
        for kind in ("*.py", "*.j2")
        for folder in (FOLDER, SHARED)
        for path in folder.rglob(kind)
    )
    known = table(Language.EN)
    sections = {key.partition(".")[0] for key in known}
    named = {
        key
        for key in re.findall(r"[\"']([a-z_]+\.[a-z0-9_]+)[\"']", sources)
        if key.partition(".")[0] in sections
    }
    files = {"web.css", "web.js"}
    missing = {key for key in named - known.keys() - files if not key.endswith("_")}
    assert len(named) > 200
    assert missing == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_of_a_family_has_its_text(family):
    for member in FAMILIES[family]:
        assert f"{family}.{member.value}" in table(Language.ZH), member


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "language"),
    [
        ("zh", "en", "en", "zh"),
        ("", "zh", "en", "zh"),
        ("xx", "yy", "zh-Hans-CN", "zh"),
        ("", "", "fr, zh;q=0.2, en;q=0.1", "zh"),
        ("", "", "fr", "en"),
        ("", "", ";;;,,=q", "en"),
    ],
)
def test_the_choice_of_a_language(asked, remembered, accepted, language):
    assert choose(asked, remembered, accepted) == language


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("plain 中文", "plain 中文"),
        ("a\r\nb\nc", "a\nb\nc"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
        ("\x1b[31m\x00", "\\e[31m\\x00"),
        (7, 7),
    ],
)
def test_what_a_page_shows_acts_on_nothing(given, seen):
    assert shown(given) == seen


def test_debug_ids_have_keys_that_a_program_takes_as_a_constant():
    assert [kind.value for kind in ALGORITHMS] == [
        "3des-112",
        "3des-168",
        "aes-128",
        "aes-192",
        "aes-256",
        "sm4-128",
    ]
