"""Devices with known keys: one by form, many from a burn list, a seed or a board file.

A key goes in and is never shown again: not in a form that comes back, not in a preview, not in an error.
"""

from starlette.responses import Response

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.service.mock.console.pages.devices import place_of
from harness.service.mock.console.view import ConsoleView
from harness.service.mock.importing.importing import FileKind, Judged, Outcome, judge, read
from harness.service.mock.importing.importing import put_in as put_all_in
from harness.service.mock.importing.rows import ROWS_MAX, BadFileError, Problem, Why, device_row
from harness.service.mock.store.devices import DeviceState
from harness.web.view import Flash

_KEY_MAX = 8_192
_PAGE = 100
_STATES = tuple(state for state in DeviceState if state not in (DeviceState.BURNING, DeviceState.BOUND))
_FIELD_OF = {
    Why.KEY_TYPE: "key_type",
    Why.NO_KEY: "key",
    Why.KEY: "key",
    Why.STATE: "state",
}


def show_new(view: ConsoleView) -> Response:
    """Ask for a device, or for a file of them."""
    return _ask(view)


def register(view: ConsoleView) -> Response:
    """Make one device known."""
    key = view.form.get("key", "")[:_KEY_MAX].strip()
    public = view.field("key_is") == "public"
    row = device_row(
        1,
        id2=view.field("id2", 64),
        key_type=view.field("key_type", 64),
        key="" if public else key,
        public=key if public else "",
        state=view.field("state", 64),
        chip=view.field("chip") == "yes",
    )
    (judged,) = judge([row], view.admin)
    if judged.problem is not None:
        field = _FIELD_OF.get(judged.problem.why, "id2")
        return _ask(view, errors={field: _told(view, judged.problem)})
    if judged.outcome is Outcome.SAME:
        return view.done(place_of(row.name), Flash("import.was_there"))
    try:
        put_all_in([judged], view.admin)
    except UsageError as error:
        return _ask(view, problem=view.said(error.message))
    return view.done(place_of(row.name), Flash("import.registered"))


def upload(view: ConsoleView) -> Response:
    """Take a file, and lead to its preview."""
    text = view.form.get("file", "") or view.form.get("text", "")
    kinds, key_types = list(FileKind), list(KeyType)
    kind, key_type = view.field("kind"), view.field("default_type")
    errors: dict[str, str] = {}
    if not text.strip():
        errors["text"] = view.text("import.nothing_given")
    if kind and kind not in kinds:
        errors["kind"] = view.text("error.choice")
    if key_type and key_type not in key_types:
        errors["default_type"] = view.text("error.choice")
    if errors:
        return _ask(view, errors=errors)
    try:
        file = read(
            text,
            view.text("import.the_file"),
            kind=FileKind(kind) if kind else None,
            key_type=KeyType(key_type) if key_type else None,
            key=view.form.get("board_key", "")[:_KEY_MAX].strip(),
        )
    except BadFileError as error:
        return _ask(view, errors={"text": view.text(error.why, **error.values)})
    except UsageError as error:
        return _ask(view, errors={"text": view.said(error.message)})
    return view.done(f"/devices/import/{view.behind.imports.add(view.browser, file)}")


def show(view: ConsoleView) -> Response:
    """Show what a file would make, judged against what the service has now."""
    return _preview(view)


def put_in(view: ConsoleView) -> Response:
    """Make what is new in a file."""
    name = view.path("name")
    file = view.behind.imports.find(view.browser, name)
    if file is None:
        return _gone(view)
    judged = judge(file.rows, view.admin)
    count = _counts(judged)
    if count["wrong"] and view.field("leave_out") != "yes":
        return _preview(view, errors={"leave_out": view.text("import.leave_out_first")})
    try:
        made = put_all_in(judged, view.admin)
    except UsageError as error:
        return _preview(view, problem=view.said(error.message))
    view.behind.imports.drop(name)
    values = {"made": made, "same": count["same"], "wrong": count["wrong"]}
    return view.done("/devices", Flash("import.done", values))


def drop(view: ConsoleView) -> Response:
    """Forget a file."""
    if view.behind.imports.find(view.browser, view.path("name")) is not None:
        view.behind.imports.drop(view.path("name"))
    return view.done("/devices/new", Flash("import.dropped"))


def _preview(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    file = view.behind.imports.find(view.browser, view.path("name"))
    if file is None:
        return _gone(view)
    judged = judge(file.rows, view.admin)
    wanted = view.query("show")
    shown = [each for each in judged if wanted not in list(Outcome) or each.outcome == wanted]
    text = view.query("page")
    pages = max(1, -(-len(shown) // _PAGE))
    number = min(int(text), pages) if text.isascii() and text.isdigit() and 0 < len(text) < 8 else 1
    number = max(1, number)
    return view.page(
        "import.html.j2",
        422 if errors or problem else 200,
        name=view.path("name"),
        file=file,
        counts=_counts(judged),
        rows=[
            (each, "" if each.problem is None else _told(view, each.problem))
            for each in shown[(number - 1) * _PAGE : number * _PAGE]
        ],
        total=len(shown),
        wanted=wanted if wanted in list(Outcome) else "",
        number=number,
        pages=pages,
        errors=errors or {},
        problem=problem,
    )


def _counts(judged: tuple[Judged, ...]) -> dict[str, int]:
    return {outcome.value: sum(each.outcome is outcome for each in judged) for outcome in Outcome}


def _told(view: ConsoleView, problem: Problem) -> str:
    if problem.why is Why.SAID:
        return view.said(str(problem.values["message"]))
    return view.text(f"import_problem.{problem.why}", **problem.values)


def _gone(view: ConsoleView) -> Response:
    return view.page(
        "message.html.j2", 404, title=view.text("import.gone"), message=view.text("import.gone_long")
    )


def _ask(view: ConsoleView, *, errors: dict[str, str] | None = None, problem: str = "") -> Response:
    return view.page(
        "device_new.html.j2",
        422 if errors or problem else 200,
        key_types=tuple(KeyType),
        states=_STATES,
        kinds=tuple(FileKind),
        most=ROWS_MAX,
        errors=errors or {},
        problem=problem,
    )
