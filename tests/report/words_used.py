"""The texts that the reports say, read from the source: what a catalogue must have, and may have."""

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

from harness.fixtures.collection import STEPS
from harness.report.text import folder_title
from harness.run.verdict import Verdict
from harness.severity import Severity

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("must", "should")
"""How binding a requirement is."""

INPUTS = {"board file", "lab file", "requirements list", "firmware", "known failures"}
"""What files that a run was made of are for, in its header."""

SAYING = ("report", "history")
"""Folders of harness/ in which texts are given to a Language."""


def _is_say(node: ast.expr) -> bool:
    """Return whether an expression is a Language, or what tells a text in one: `say`, `context.told`."""
    if isinstance(node, ast.Attribute):
        return node.attr.lstrip("_") in {"say", "told"}
    return isinstance(node, ast.Name) and node.id.lstrip("_") in {"say", "language"}


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
    found = {str(each) for each in Severity} | {each.words for each in Verdict} | {"uncovered", *LEVELS}
    found |= {folder_title(step) for step in STEPS} | INPUTS
    for folder in SAYING:
        for path in sorted((ROOT / "harness" / folder).rglob("*.py")):
            found |= said_in(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "harness" / folder).rglob("*.j2")):
            found |= set(re.findall(r'\bsay\("([^"]+)"', path.read_text(encoding="utf-8")))
    return frozenset(found)


WRITING = (
    *("harness/campaign/process.py", "harness/campaign/scheduler.py", "harness/progress/stopping.py"),
    *("fixtures", "suites", "harness/board/plan", "harness/board/opening", "harness/run", "harness/report"),
    *(
        "harness/errors.py",
        "harness/operator",
        "harness/service/errors.py",
        "harness/probe/linking.py",
    ),
    *("harness/id2/defects.py", "harness/probe/secrecy.py", "harness/transport/kind.py"),
    *("harness/logcheck", "harness/id2/randomness.py", "harness/portcheck/clock.py"),
)
"""Where texts of journals come from: reasons, names of measurements and evidence, findings."""


def shape(text: str) -> str:
    """Return a template with all its places alike."""
    return "".join(
        literal + ("{}" if name is not None else "") for literal, name, _, _ in Formatter().parse(text)
    )


@cache
def written_into_journals() -> frozenset[str]:
    """Return every text of the sources that write journals, and the shapes of those with values in them."""
    found = set[str]()
    for place in WRITING:
        root = ROOT / place
        for path in [root] if root.is_file() else sorted(root.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found |= {_shape_of(node) for node in ast.walk(tree)}
    return frozenset(found)


def _shape_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
    return ""
