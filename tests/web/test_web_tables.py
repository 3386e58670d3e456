"""Tables for spreadsheets: what is in a cell stays in it."""

import csv
import io

import pytest

from harness.web.tables import table_download


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "\\t=1"),
        ('a,"b"', 'a,"b"'),
        ("a\r\n=b", "a\\r\\n=b"),
        ("\u202eabc\x00", "\\u202eabc\\x00"),
        ("\ud800", "\\ud800"),
        (7, "7"),
        ("中文", "中文"),
    ],
)
def test_no_cell_is_a_formula_or_ends_its_line(given, cell):
    answer = table_download("x.csv", ("a", "b"), [(given, "end")])
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows == [["a", "b"], [cell, "end"]]
