"""Arithmetic of elliptic curves over a prime field, on big integers.

Written for a test harness, for the curves that no library of ours has (sm2p256v1, secp192k1, secp224k1): it is exact,
not constant in time. Never let it hold a product's key.

Source: SEC 1, 2.2 and 2.3.
"""

from dataclasses import dataclass

from harness.id2.errors import Id2Error

# Jacobian coordinates (X, Y, Z) stand for (X/Z², Y/Z³); Z = 0 is the point at infinity.
_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (1, 1, 0)
_UNCOMPRESSED = 0x04


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve in affine coordinates; the point at infinity has no instance."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve y² = x³ + ax + b over the field of p elements, with a generator of prime order.

    Attributes:
        name: Its name in messages.
        size: Bytes of a coordinate.
        p: Number of elements of the field.
        a: First coefficient.
        b: Second coefficient.
        generator: The base point.
        order: Order of the base point.
    """

    name: str
    size: int
    p: int
    a: int
    b: int
    generator: Point
    order: int

    def multiple(self, scalar: int, point: Point | None = None) -> Point | None:
        """Return `scalar` times a point, the generator by default; None for the point at infinity."""
        return self._affine(self._multiply(scalar, point or self.generator))

    def combined(self, first: int, second: int, point: Point) -> Point | None:
        """Return `first` times the generator plus `second` times `point`; None for the point at infinity."""
        return self._affine(self._add(self._multiply(first, self.generator), self._multiply(second, point)))

    def sum_of(self, first: Point, second: Point) -> Point | None:
        """Return the sum of two points; None for the point at infinity."""
        return self._affine(self._add((first.x, first.y, 1), (second.x, second.y, 1)))

    def finite(self, scalar: int, point: Point | None = None) -> Point:
        """Return `scalar` times a point, the generator by default.

        Raises:
            Id2Error: That is the point at infinity.
        """
        found = self.multiple(scalar, point)
        if found is None:
            raise Id2Error(f"{self.name} scalar leads to the point at infinity", field="key")
        return found

    def holds(self, point: Point) -> bool:
        """Tell whether the coordinates are those of a point of the curve."""
        x, y = point.x, point.y
        return x < self.p and y < self.p and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0

    def encoded(self, point: Point) -> bytes:
        """Return `04 ‖ X ‖ Y`."""
        return bytes((_UNCOMPRESSED,)) + point.x.to_bytes(self.size) + point.y.to_bytes(self.size)

    def decoded(self, data: bytes) -> Point:
        """Read `04 ‖ X ‖ Y` and check that it is on the curve.

        Raises:
            Id2Error: Another form, or not a point of the curve.
        """
        if len(data) != 1 + 2 * self.size or data[0] != _UNCOMPRESSED:
            raise Id2Error(f"{self.name} point must be 04 and {2 * self.size} bytes (X and Y)", field="key")
        point = Point(int.from_bytes(data[1 : 1 + self.size]), int.from_bytes(data[1 + self.size :]))
        if not self.holds(point):
            raise Id2Error(f"{self.name} point is not on the curve", field="key")
        return point

    def _affine(self, point: _Jacobian) -> Point | None:
        x, y, z = point
        if z == 0:
            return None
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return Point(x * square % self.p, y * square * inverse % self.p)

    def _multiply(self, scalar: int, point: Point) -> _Jacobian:
        base = (point.x, point.y, 1)
        result = _INFINITY
        for bit in f"{scalar:b}":
            result = self._double(result)
            if bit == "1":
                result = self._add(result, base)
        return result

    def _double(self, point: _Jacobian) -> _Jacobian:
        x, y, z = point
        p = self.p
        square_y, square_z = y * y % p, z * z % p
        slope = (3 * x * x + self.a * square_z * square_z) % p
        beta = 4 * x * square_y % p
        new_x = (slope * slope - 2 * beta) % p
        return new_x, (slope * (beta - new_x) - 8 * square_y * square_y) % p, 2 * y * z % p

    def _add(self, left: _Jacobian, right: _Jacobian) -> _Jacobian:
        if left[2] == 0:
            return right
        if right[2] == 0:
            return left
        p = self.p
        x1, y1, z1 = left
        x2, y2, z2 = right
        square1, square2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * square2 % p, x2 * square1 % p
        s1, s2 = y1 * square2 * z2 % p, y2 * square1 * z1 % p
        if u1 == u2:
            return self._double(left) if s1 == s2 else _INFINITY
        h, r = (u2 - u1) % p, (s2 - s1) % p
        square_h = h * h % p
        cube_h, v = square_h * h % p, u1 * square_h % p
        new_x = (r * r - cube_h - 2 * v) % p
        return new_x, (r * (v - new_x) - s1 * cube_h) % p, h * z1 * z2 % p
