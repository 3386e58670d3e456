"""The texts that the reports say, read from the source: what a catalogue must have, and may have."""

import ast
from functools import cache
from pathlib import Path

from harness.run.verdict import Verdict
from harness.severity import Severity

ROOT = Path(__file__).resolve().parents[2]
SAYING = ("report",)
"""Folders of harness/ in which texts are given to a Language."""


def _is_say(node: ast.expr) -> bool:
    """Return whether an expression is a Language: a name or an attribute `say`."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.lstrip("_") == "say"


def _texts(node: ast.AST, tables: dict[str, ast.AST]) -> set[str]:
    """Return every text that an expression may be: its literals, and those of tables of the module that it names.

    What a call makes is no literal, but for the default of a look-up.
    """
    if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Attribute) and node.func.attr == "get"):
        return set()
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.Name):
        return _texts(tables[node.id], {}) if node.id in tables else set()
    return set[str]().union(*(_texts(each, tables) for each in ast.iter_child_nodes(node)))


def said_in(source: str) -> set[str]:
    """Return the texts that a module gives to a Language.

    That is the first argument of each call of a Language, literal or out of a table of the module, and each literal
    that is handed to a function along with a Language.
    """
    tree = ast.parse(source)
    tables = {
        name.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for name in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(name, ast.Name)
    }
    found = set[str]()
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        if _is_say(call.func) and call.args:
            found |= _texts(call.args[0], tables)
        elif isinstance(call.func, ast.Name) and call.func.id == "map" and _is_say(call.args[0]):
            found |= _texts(call.args[1], tables)
        elif any(_is_say(each) for each in call.args):
            found |= {
                each.value
                for each in call.args
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
    return found - {""}


@cache
def said_by_reports() -> frozenset[str]:
    """Return the texts that the reports for people say themselves."""
    found = {str(each) for each in Severity} | {each.words for each in Verdict}
    for folder in SAYING:
        for path in sorted((ROOT / "harness" / folder).rglob("*.py")):
            found |= said_in(path.read_text(encoding="utf-8"))
    return frozenset(found)
