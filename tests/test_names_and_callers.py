"""What holds of every name in the code: no house words, and a caller that is no test."""

import ast
import gc
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = ("harness", "fixtures", "suites", "tools", "benchmarks", "examples")
LINKS = {ROOT / "harness" / name for name in CODE}
"""Links to the folders beside harness/."""

# Words that this project once had for things that the field has a term for.
HOUSE_WORDS = frozenset(
    [
        "house",
        "door",
        "desk",
        "sheet",
        "pile",
        "premises",
        "mood",
        "seat",
        "stranger",
        "noted",
        "books",
        "wing",
        "befallen",
        "befall",
    ]
)

# Decorators that leave it to callers to call what they decorate; any other one registers it somewhere.
PLAIN_DECORATORS = re.compile(
    r"property|(abc\.)?abstractmethod|staticmethod|classmethod|override|(functools\.)?cache(d_property)?|"
    r"(functools\.)?lru_cache\(.*|(contextlib\.)?contextmanager|dataclass(\(.*)?|runtime_checkable|final|.*\.setter"
)

# Called by tests or by a library alone, each for a reason.
ALLOWED = {
    "identities": "what a board found, which a run gets through on_open",
    "set_access_key_active": "the state of an AccessKey that the real service may have, and no page of the mock sets",
    "insert_card": "a card that a person puts into a simulated reader in the virtual lab",
    "stall": "a pipe that a simulated device stalls, for the tests of USB transports",
    "enumerate_devices": "pyusb calls it",
    "HidToken": "a simulated HID device, which the virtual lab plugs in",
    **dict.fromkeys(
        ("on_message_begin", "on_url", "on_header", "on_headers_complete", "on_body", "on_message_complete"),
        "httptools calls it",
    ),
}


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not LINKS & set(path.parents):
                yield path


@cache
def parsed(path):
    # Without the collector, as what a test before this one left behind may be finalised inside the parser, which
    # CPython 3.11 does not bear (gh-106905).
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def trees(*folders):
    return {path: parsed(path) for path in sources(*folders)}


@cache
def nodes(tree):
    """List all nodes of a module, which several look through."""
    return [*ast.walk(tree)]


def words(name):
    return {word.lower().removesuffix("s") for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def named(tree):
    """Give each name that a module defines."""
    for node in nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def house_words(path, tree):
    banned = {word.removesuffix("s") for word in HOUSE_WORDS}
    names = [*named(tree), *((part, 1) for part in path.relative_to(ROOT).with_suffix("").parts)]
    return [f"{path.relative_to(ROOT)}:{line}: {name}" for name, line in names if words(name) & banned]


def test_no_name_has_a_house_word():
    assert [found for path, tree in trees(*CODE).items() for found in house_words(path, tree)] == []


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("class Door: pass", True),
        ("def open_the_doors(): pass", True),
        ("def f(noted): pass", True),
        ("self.mood = 1", True),
        ("sheetLike = 1", True),
        ("class Outdoors: pass", False),
        ("unnoted = mode = 1", False),
    ],
)
def test_house_words_are_found_in_names_of_all_kinds(text, is_found):
    assert bool(house_words(ROOT / "harness" / "x.py", ast.parse(text))) is is_found


def used(tree):
    """Count the names that a module uses: by name, as an attribute, as a keyword, or in a text that is a name."""
    found = Counter()
    for node in nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found[node.id] += 1
        elif isinstance(node, ast.Attribute):
            found[node.attr] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
            found.update(re.findall(r"\w+", node.value))
    return found


def defined(tree, project_classes):
    """Give the functions, methods and classes that only a caller by name can reach."""
    for outer in nodes(tree):
        if isinstance(outer, ast.expr):
            continue
        foreign = isinstance(outer, ast.ClassDef) and any(
            ast.unparse(base).partition("[")[0] not in project_classes for base in outer.bases
        )
        for node in ast.iter_child_nodes(outer):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            called_by_others = foreign or node.name.startswith(("__", "pytest_"))
            plain = all(PLAIN_DECORATORS.fullmatch(ast.unparse(each)) for each in node.decorator_list)
            if plain and not called_by_others:
                yield node.name, node.lineno


def without_a_caller(defining, calling):
    uses = Counter()
    for tree in calling.values():
        uses.update(used(tree))
    classes = {
        node.name for tree in defining.values() for node in nodes(tree) if isinstance(node, ast.ClassDef)
    }
    plain_bases = {
        "ABC",
        "Protocol",
        "StrEnum",
        "IntEnum",
        "Enum",
        "IntFlag",
        "Generic",
        "Exception",
        "NamedTuple",
    }
    return {
        name: f"{path.relative_to(ROOT)}:{line}"
        for path, tree in defining.items()
        for name, line in defined(tree, classes | plain_bases)
        if not uses[name]
    }


def test_every_function_has_a_caller_that_is_no_test():
    found = without_a_caller(
        trees("harness", "fixtures"), trees("harness", "fixtures", "suites", "tools", "benchmarks")
    )
    assert {name: place for name, place in found.items() if name not in ALLOWED} == {}
    assert set(ALLOWED) <= set(found), "these have a caller now, or are gone: take them off the list"


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("def f(): pass", {"f"}),
        ("def f(): pass\nf()", set()),
        ("class A:\n    def f(self): pass\nA()", {"f"}),
        ("class A:\n    def f(self): pass\nA().f", set()),
        ("class A(Foreign):\n    def f(self): pass\nA()", set()),
        ("class B: pass\nclass A(B):\n    def f(self): pass\nA()", {"f"}),
        ("@app.command()\ndef f(): pass", set()),
        ("@property\ndef f(): pass", {"f"}),
        ("def pytest_configure(): pass", set()),
        ("def f(): pass\ntable = {'f': 1}", set()),
        ("from a import f\ndef f(): pass\n__all__ = ['g']", {"f"}),
    ],
)
def test_what_counts_as_a_caller(text, dead):
    tree = {ROOT / "harness" / "x.py": ast.parse(text)}
    assert set(without_a_caller(tree, tree)) == dead
