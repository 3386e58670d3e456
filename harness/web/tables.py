"""Tables as files for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from harness.transport.printable import safe_text

_FORMULA = ("=", "+", "-", "@")


def table_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV file, in UTF-8 with its mark, as spreadsheets want it.

    Nothing in a cell is taken for a formula, ends its line, or hides or reorders text.

    Args:
        name: Of the file.
        columns: Names of the columns.
        rows: The cells.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: object) -> str:
    text = safe_text(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
