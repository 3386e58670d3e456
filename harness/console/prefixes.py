"""Learn from a log what its logger puts around each line.

Terminals, loggers and other systems' own logs all have a prefix of their own, and a list of them is never
complete. So lines whose text is known (`landmarks`) show what stands before it, and lines like auth codes and
rows of JSON, whose text is not known, lose what has the same shape.
"""

from collections.abc import Iterator

from harness.console import landmarks
from harness.console.shapes import Shape, cut

_MAX_SHAPES = 200
_ENOUGH = 3  # samples that make a shape believed in
_CLEAR_ENOUGH = 2  # the same for one that no text has by chance
_SHARE = 5  # a short shape must be that of every fifth known line
_MOST = 2  # a trailer, or a name, is that of more than every second known line
_REVIEW = 50  # known lines after which shares are looked at again
_BARE: tuple[str, ...] = ()


class Prefixes:
    """The prefixes and trailers of one log, as far as it has been read."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self._trailers: dict[tuple[str, ...], Shape] = {}
        self._seen = 0
        self._wholes = 0
        self._believed: tuple[Shape, ...] = ()
        self._trailer: Shape | None = None
        self._stale = False
        self._names: dict[tuple[str, ...], bool] = {}

    def learn(self, text: str, landmark: landmarks.Landmark) -> tuple[str, ...]:
        """Take a line whose text is known; return the key of its prefix's shape, empty for no prefix."""
        self._seen += 1
        self._stale = self._stale or self._seen <= _REVIEW or self._seen % _REVIEW == 0
        self._learn_trailer(text)
        pieces = cut(text[: landmark.start])
        if pieces is None:
            return _BARE
        key, tokens = pieces
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _MAX_SHAPES:
                return _BARE
            shape = self._shapes[key] = Shape(key)
        shape.add(tokens, tagged=landmark.tagged)
        self._stale = self._stale or shape.count <= _ENOUGH
        return key

    def of(self, key: tuple[str, ...]) -> Shape | None:
        """Return the shape of this key, None when it is not believed in (yet)."""
        shape = self._shapes.get(key)
        return shape if shape is not None and self._good(shape) else None

    def names(self, shape: Shape) -> bool:
        """Tell whether a prefix names the SDK as the one who prints: a word of its own, on most known lines.

        It is decided once, so that the lines of one dump are of one kind.
        """
        key = shape.key
        if key not in self._names:
            self._names[key] = shape.named and shape.count * _MOST > self._seen
        return self._names[key]

    def fits(self, text: str, near: tuple[str, ...]) -> tuple[int, Shape] | None:
        """Return where the prefix of a line ends whose text is not known, and its shape.

        Args:
            text: The line.
            near: Key of the prefix of the known line next to it: a short shape counts only when it is that.
        """
        for shape in self.believed():
            if (shape.clear or shape.key == near) and (end := shape.match(text)):
                return end, shape
        return None

    def inside(self, text: str, start: int) -> Iterator[tuple[int, int]]:
        """Give the places after `start` where a prefix stands in the middle of a line."""
        for shape in self.believed():
            if shape.clear:
                yield from (found.span() for found in shape.expression.finditer(text, start))

    def without_trailer(self, text: str) -> str:
        """Take off what the logger puts behind each line."""
        self.believed()
        if self._trailer is None:
            return text
        found = self._trailer.expression.search(text)
        return text if found is None else text[: found.start()]

    def believed(self) -> tuple[Shape, ...]:
        """Return the shapes that are believed in, the longest first."""
        if self._stale:
            self._stale = False
            good = [shape for shape in self._shapes.values() if self._good(shape)]
            self._believed = tuple(sorted(good, key=lambda shape: -len(shape.key)))
            self._trailer = self._best_trailer()
        return self._believed

    def _good(self, shape: Shape) -> bool:
        if shape.clear:
            return shape.count >= _CLEAR_ENOUGH or shape.of_time
        return shape.count >= _ENOUGH and shape.count * _SHARE >= self._seen

    def _learn_trailer(self, text: str) -> None:
        end = landmarks.end_of_whole(text)
        if end is None:
            return
        self._wholes += 1
        pieces = cut(text[end:])
        if pieces is None:
            return
        key, tokens = pieces
        if key not in self._trailers and len(self._trailers) >= _MAX_SHAPES:
            return
        self._trailers.setdefault(key, _Trailer(key)).add(tokens, tagged=False)

    def _best_trailer(self) -> Shape | None:
        best = max(self._trailers.values(), key=lambda shape: shape.count, default=None)
        good = best is not None and best.count >= _ENOUGH and best.count * _MOST > self._wholes
        return best if good else None


class _Trailer(Shape):
    """A shape that stands at the end of a line."""

    def pattern(self, *, last: bool = True) -> str:
        return super().pattern(last=last)
