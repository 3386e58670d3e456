"""Imports of devices with known keys: a burn list, a seed or a board file, looked at or put in."""

from pathlib import Path

from fastapi import APIRouter
from pydantic import SecretStr

from harness.errors import UsageError
from harness.service.mock import importing
from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import models
from harness.service.mock.api.answers import REFUSED
from harness.service.mock.api.models import Imported, WrongRow
from harness.service.mock.importing.importing import Judged, Outcome, judge, put_in, read
from harness.service.mock.importing.rows import Problem, Why
from harness.web.language import Language, texts

_TEXTS = Path(importing.__file__).parents[1] / "console" / "texts"
_SHOWN_MAX = 1_000


def router(admin: Admin) -> APIRouter:
    """Return the route of imports."""
    routes = APIRouter(tags=["devices"])

    @routes.post("/imports", responses=REFUSED)
    def import_file(wanted: models.FileToImport) -> Imported:
        """Make what is new in a file, devices all or none; nothing if rows are wrong, unless they are left out."""
        file = read(
            _revealed(wanted.text),
            "the file",
            kind=wanted.kind,
            key_type=wanted.key_type,
            key=_revealed(wanted.board_key).strip(),
        )
        judged = judge(file.rows, admin)
        wrong = [each for each in judged if each.outcome is Outcome.WRONG]
        if not wanted.only_check:
            if wrong and not wanted.leave_out_wrong:
                raise UsageError(
                    f"{len(wrong)} of {len(judged)} rows are wrong, so nothing was made: line {wrong[0].row.line}: "
                    f"{_said(wrong[0].problem)}",
                    hint="only_check tells all of them; leave_out_wrong makes the rest",
                )
            put_in(judged, admin)
        return Imported(
            kind=file.kind,
            new=_count(judged, Outcome.NEW),
            same=_count(judged, Outcome.SAME),
            wrong=len(wrong),
            wrong_rows=[
                WrongRow(
                    line=each.row.line, thing=each.row.thing, name=each.row.name, problem=_said(each.problem)
                )
                for each in wrong[:_SHOWN_MAX]
            ],
            columns_not_read=list(file.ignored),
        )

    return routes


def _revealed(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _count(judged: tuple[Judged, ...], outcome: Outcome) -> int:
    return sum(each.outcome is outcome for each in judged)


def _said(problem: Problem | None) -> str:
    """Return what is wrong with a row in the words of the console, without the values that were given."""
    if problem is None:
        return ""
    if problem.why is Why.SAID:
        return str(problem.values["message"])
    return texts(_TEXTS, Language.EN)[f"import_problem.{problem.why}"].format_map(problem.values)
