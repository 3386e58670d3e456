"""A Jenkinsfile, read by the grammar of Groovy and held to what the declarative syntax allows where.

Jenkins publishes no schema of the text: its own is of a model that only a Jenkins server makes of it. So the sections
of the handbook (Pipeline Syntax, Declarative Pipeline) stand here as a table, for what our recipe uses.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter
import tree_sitter_groovy

_CONDITIONS = ("always", "changed", "fixed", "regression", "aborted", "failure", "success", "unstable")
_STEPS = {"archiveArtifacts", "checkout", "deleteDir", "echo", "junit", "lock", "sh", "stash", "timeout"}
_WHEN = {"allOf", "anyOf", "beforeAgent", "branch", "environment", "expression", "not", "triggeredBy"}
_STAGE = {"agent", "environment", "matrix", "options", "post", "stages", "steps", "tools", "when"}

ALLOWED: dict[str, set[str]] = {
    "": {"pipeline"},
    "pipeline": {"agent", "environment", "options", "parameters", "post", "stages", "tools", "triggers"},
    "triggers": {"cron", "pollSCM", "upstream"},
    "options": {
        "buildDiscarder",
        "disableConcurrentBuilds",
        "retry",
        "skipDefaultCheckout",
        "timeout",
        "timestamps",
    },
    "agent": {"label", "node"},
    "stages": {"stage"},
    "stage": _STAGE,
    "when": _WHEN,
    "not": _WHEN,
    "matrix": {"agent", "axes", "environment", "excludes", "options", "post", "stages", "tools", "when"},
    "axes": {"axis"},
    "axis": {"name", "values"},
    "steps": _STEPS,
    "lock": _STEPS,
    "timeout": _STEPS,
    "post": {*_CONDITIONS, "unsuccessful", "cleanup"},
    **dict.fromkeys((*_CONDITIONS, "unsuccessful", "cleanup"), _STEPS),
}
REQUIRED: dict[str, set[str]] = {
    "pipeline": {"agent", "stages"},
    "matrix": {"axes", "stages"},
    "axis": {"name", "values"},
}
_BODIES = {"matrix", "stages", "steps"}
"""A stage has exactly one of them."""


@dataclass(frozen=True)
class Block:
    """A word of the pipeline, what it is given in parentheses or behind it, and what stands in its braces."""

    word: str
    given: tuple[str, ...]
    blocks: tuple["Block", ...] | None
    line: int

    def all(self) -> Iterator["Block"]:
        """Yield it and everything in it."""
        yield self
        for each in self.blocks or ():
            yield from each.all()


def read(text: str) -> Block:
    """Read a Jenkinsfile; its words are in a block without a name.

    Raises:
        ValueError: it is no Groovy, with the line.
    """
    root = (
        tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language())).parse(text.encode()).root_node
    )
    if root.has_error:
        raise ValueError(f"no Groovy at line {_first_error(root)}")
    return Block("", (), tuple(_blocks(root)), 1)


def problems(block: Block) -> Iterator[str]:
    """Yield what the declarative syntax does not allow."""
    inside = {each.word for each in block.blocks or ()}
    for each in block.blocks or ():
        if each.word not in ALLOWED.get(block.word, set()):
            yield f"line {each.line}: {each.word} cannot stand in {block.word or 'the file'}"
        if each.word != "expression":  # any Groovy
            yield from problems(each)
    for word in sorted(REQUIRED.get(block.word, set()) - inside):
        yield f"line {block.line}: {block.word} without {word}"
    if block.word == "stage" and (len(block.given) != 1 or len(inside & _BODIES) != 1):
        yield f"line {block.line}: a stage has a name, and one of {', '.join(sorted(_BODIES))}"


def shell(block: Block) -> list[str]:
    """Return the texts of all `sh` steps."""
    return [each.given[0] for each in block.all() if each.word == "sh"]


def _blocks(node: tree_sitter.Node) -> Iterator[Block]:
    for child in node.named_children:
        if child.type == "expression_statement":
            yield from _blocks(child)
        elif child.type in {"method_invocation", "juxt_function_call"}:
            parts = [part for part in child.named_children if not part.type.endswith("comment")]
            given = [part for part in parts[1:] if part.type == "argument_list"]
            closure = next((part for part in parts[1:] if part.type == "closure"), None)
            yield Block(
                _text(parts[0]),
                tuple(_text(value) for each in given for value in each.named_children),
                None if closure is None else tuple(_blocks(closure)),
                child.start_point.row + 1,
            )
        elif child.type == "local_variable_declaration":  # `agent none`, `checkout scm`
            word, value = child.named_children
            yield Block(_text(word), (_text(value),), None, child.start_point.row + 1)
        elif not child.type.endswith("comment"):
            yield Block(_text(child), (), None, child.start_point.row + 1)


def _text(node: tree_sitter.Node) -> str:
    text = (node.text or b"").decode()
    for quotes in ("'''", '"""', "'", '"'):
        if text.startswith(quotes) and text.endswith(quotes) and len(text) >= 2 * len(quotes):
            return text[len(quotes) : -len(quotes)]
    return text


def _first_error(node: tree_sitter.Node) -> int:
    if node.is_error or node.is_missing:
        return int(node.start_point.row) + 1
    return next(
        (_first_error(child) for child in node.children if child.has_error), int(node.start_point.row) + 1
    )
