"""The small pictures of measurements: what is drawn where, of ordinary values and of those at the edge of numbers."""

import math
import re
import sys

import pytest

from harness.report.document.blocks import Chart
from harness.report.page.chart import HEIGHT, WIDTH, drawing, histogram_drawing
from harness.report.words import ENGLISH, language
from harness.run.statistics import Histogram

LARGEST = sys.float_info.max


def drawn(*values, low=None, high=None, kind="points", say=ENGLISH):
    return drawing(Chart("GetID", "s", tuple(values), low, high, kind), say)


def places(path):
    """Return the points of a path, as x and y."""
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def inside(picture):
    """Whether everything of a drawing is a finite number within the picture."""
    points = places(picture.dots + picture.outside + picture.line)
    ends = [(x, y) for x, width, height in picture.bars for x, y in ((x, height), (x + width, 0))]
    return all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points + ends) and all(
        0 <= each <= (HEIGHT if picture.lying else WIDTH) for each in picture.limits
    )


def test_values_stand_in_order_and_those_beyond_a_limit_apart():
    picture = drawn(1.0, 3.0, 2.0, low=1.5, high=2.5)
    assert [x for x, _ in places(picture.line)] == pytest.approx([166.7, 500.0, 833.3])
    assert [x for x, _ in places(picture.outside)] == pytest.approx([166.7, 500.0])
    assert [x for x, _ in places(picture.dots)] == pytest.approx([833.3])
    below, above = picture.limits
    (_, lowest), (_, highest), (_, middle) = places(picture.line)
    assert lowest > below > middle > above > highest  # heights count from the top
    assert (picture.first, picture.last) == ("0 s", "3 s")
    assert picture.told == (
        "GetID: 3 values, lowest 1 s, median 2 s, highest 3 s; at least 1.5 s allowed; at most 2.5 s allowed"
    )


@pytest.mark.parametrize("kind", ["points", "distribution"])
@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ((0.3,), ()),
        ((0.0,), ()),
        ((0.3,) * 30, ()),
        ((0.0,) * 30, (0.0, 0.0)),
        ((-3.0, -2.0, -1.0), (-5.0, 5.0)),
        ((0.1, 0.2), (1e6, 2e6)),
        ((10.0, 20.0), (-2.0, -1.0)),
        ((1.0, 2.0), (3.0, 0.5)),  # no scenario can say so, a damaged journal can
        ((1.0, 2.0), (math.nan, math.inf)),
        ((LARGEST, LARGEST), ()),
        ((-LARGEST, -LARGEST), ()),
        ((-LARGEST, 0.0, LARGEST), (-LARGEST, LARGEST)),
        ((5e-324, 5e-324), ()),
        ((0.0, 5e-324), ()),
        (tuple(math.sin(at) for at in range(4_000)), (-0.99, 0.99)),
    ],
)
def test_every_kind_of_values_stays_within_the_picture(values, limits, kind):
    low, high = limits or (None, None)
    picture = drawn(*values, low=low, high=high, kind=kind)
    assert inside(picture)
    assert not re.search("nan|inf", picture.told + picture.first + picture.last + picture.line)
    assert bool(picture.bars) is (kind == "distribution")


def test_what_is_no_number_is_not_drawn():
    assert drawn(math.nan, math.inf, -math.inf) is None
    assert drawn() is None
    picture = drawn(math.nan, 1.0, math.inf, 2.0)
    assert len(places(picture.line)) == 2
    assert "2 values, lowest 1 s" in picture.told


def test_of_many_values_the_outermost_are_kept():
    values = [1.0] * 5_000
    values[1_234], values[3_210] = 9.0, 0.25
    picture = drawn(*values, high=5.0)
    heights = [y for _, y in places(picture.line)]
    assert len(heights) <= 400
    assert (heights.count(min(heights)), heights.count(max(heights))) == (1, 1)
    ((x, _),) = places(picture.outside)
    assert x == pytest.approx(1_234.5 / 5_000 * WIDTH, abs=0.1)


def test_a_distribution_has_as_much_ink_as_values():
    picture = drawn(*[1.0] * 30, *[2.0] * 15, 3.0, high=3.0, kind="distribution")
    heights = [height for _, _, height in picture.bars]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.1)
    assert len(heights) == 3
    assert (picture.limits, picture.lying) == ((float(WIDTH),), False)


def test_classes_lie_where_their_values_do():
    picture = histogram_drawing("GetID", "s", Histogram(10.0, 20.0, (4, 0, 2, 1, 0)), None, 40.0, ENGLISH)
    assert (picture.first, picture.last) == ("0 s", "40 s")
    assert [x for x, _, _ in picture.bars] == pytest.approx([250.0, 350.0, 400.0])
    assert [height for _, _, height in picture.bars] == pytest.approx([94.0, 47.0, 23.5])
    assert picture.told == "GetID: 7 values, lowest 10 s, highest 20 s; at most 40 s allowed"


@pytest.mark.parametrize(
    ("low", "high", "limit"),
    [(0.0, 0.001, 2.0), (1.999, 2.0, 2.0), (0.5, 0.5, 2.0), (0.5, 0.5, None), (LARGEST, LARGEST, None), (-LARGEST, LARGEST, 0.0)],
)  # fmt: skip
def test_narrow_classes_can_be_seen_and_lie_beyond_nothing(low, high, limit):
    picture = histogram_drawing("x", "", Histogram(low, high, (7,) + (1,) * 49), None, limit, ENGLISH)
    assert inside(picture)
    assert all(width >= 4 for _, width, _ in picture.bars)
    if limit == 2.0:
        assert max(x + width for x, width, _ in picture.bars) <= picture.limits[0] + 0.1


def test_an_empty_histogram_of_a_damaged_journal_is_drawn_empty():
    assert histogram_drawing("x", "", Histogram(0.0, 1.0, ()), None, None, ENGLISH).bars == ()
    assert histogram_drawing("x", "", Histogram(0.0, 1.0, (0, 0)), None, None, ENGLISH).bars == ()


def test_charts_speak_chinese():
    assert re.search("[一-鿿]", drawn(1.0, 2.0, high=3.0, say=language("zh")).told)
