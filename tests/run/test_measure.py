import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ToolError
from harness.run.measure import Measurement
from harness.run.verdict import Verdict

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("low", "high", "value", "expected"),
    [
        (0, 10, 0, "passed"),
        (0, 10, 10, "passed"),
        (0, 10, 10.000001, "failed"),
        (0, 10, -0.1, "failed"),
        (None, 10, -1e300, "passed"),
        (5, None, 4, "failed"),
        (None, None, 42, "passed"),
        (None, None, math.nan, "failed"),
        (None, 10, -math.inf, "failed"),
    ],
)
def test_limits_are_included_and_what_is_no_number_fails(low, high, value, expected):
    assert Measurement("m", "ms", low, high).judge(value) == expected


@settings(deadline=None)
@given(FINITE, FINITE, FINITE)
def test_a_value_between_its_limits_passes(one, other, third):
    low, value, high = sorted((one, other, third))
    assert Measurement("m", "", low, high).judge(value) is Verdict.PASSED


@pytest.mark.parametrize(("low", "high"), [(1, 0), (math.nan, 1), (0, math.inf)])
def test_limits_that_no_value_meets_are_a_defect_of_the_scenario(low, high):
    with pytest.raises(ToolError):
        Measurement("m", "ms", low, high)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, "0 … 10"), (None, 2.5, "at most 2.5"), (1, None, "at least 1"), (None, None, "")],
)
def test_limits_in_words(low, high, expected):
    assert Measurement("m", "ms", low, high).limits == expected
