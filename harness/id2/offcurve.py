"""Points of small order on other curves than a key's: what is agreed on with one has few values, whatever the key.

For curves y² = x³ + b over a field of p elements, p = 1 mod 3: whatever b is, such a curve has one of six numbers of
points, p + 1 - t, where t is one of the traces ±t0, ±(t0 + 3v)/2 and ±(t0 - 3v)/2 with 4p = t0² + 3v².
Source: Silverman, The Arithmetic of Elliptic Curves, X.5; Biehl, Meyer, Müller, Differential fault attacks on elliptic
curve cryptosystems, 2000.
"""

from functools import cache
from math import isqrt

from harness.id2.curve import Curve, Point

_STARTS = 200  # points that are tried, of which one in a few serves


@cache
def points_of_order(curve: Curve, order: int) -> tuple[Point, ...]:
    """Return P, 2P … of a point P of a small prime order, half of its multiples: the others have the same X again.

    Args:
        curve: The curve of a key, with a = 0 and a prime order of its own, on which none of them lies.
        order: A prime of 5 or more.

    Returns:
        Nothing where none of the curves has such points.
    """
    counts = [count for count in _counts(curve) if count % order == 0]
    if not counts:
        return ()
    for y in range(2, _STARTS):
        for count in counts:
            found = _of_order(curve, order, count, Point(1, y))  # on the curve with b = y² - 1
            if found is not None:
                return tuple(curve.finite(times, found) for times in range(1, (order + 1) // 2))
    return ()


def _of_order(curve: Curve, order: int, count: int, start: Point) -> Point | None:
    """Return a multiple of a point that has this order; None when there is none, or the count is not its curve's."""
    powers = 0
    while count % order == 0:
        count, powers = count // order, powers + 1
    found = curve.multiple(count, start)
    for _ in range(powers):
        if found is None:
            return None
        again = curve.multiple(order, found)
        if again is None:
            return found
        found = again
    return None


def _counts(curve: Curve) -> tuple[int, ...]:
    """Return the numbers of points of the curves y² = x³ + b."""
    p = curve.p
    trace = p + 1 - curve.order
    rest = isqrt((4 * p - trace * trace) // 3)
    traces = (trace, (trace + 3 * rest) // 2, (trace - 3 * rest) // 2)
    return tuple(p + 1 - sign * one for one in traces for sign in (1, -1))
