"""Points of small order on other curves, and that they show what a key's own remainder hides from smaller orders."""

import pytest

from harness.id2 import ecdsa
from harness.id2.keytypes import KeyType
from harness.id2.offcurve import points_of_order

ECC = list(ecdsa.CURVES)


@pytest.mark.parametrize(
    ("key_type", "orders"),
    [(KeyType.ECC_K192, (7, 13)), (KeyType.ECC_K224, (7, 31)), (KeyType.ECC_K256, (7, 13))],
)
def test_points_have_their_order_and_lie_elsewhere(key_type, orders):
    curve = ecdsa.CURVES[key_type]
    for order in orders:
        points = points_of_order(curve, order)
        assert len({point.x for point in points}) == len(points) == order // 2
        for number, point in enumerate(points, 1):
            assert not curve.holds(point)
            assert curve.multiple(order, point) is None
            assert curve.multiple(number, points[0]) == point
            assert curve.finite(order - number, points[0]).x == point.x


@pytest.mark.parametrize("key_type", ECC)
def test_an_order_that_no_curve_has_gives_nothing(key_type):
    assert points_of_order(ecdsa.CURVES[key_type], 5) == ()
