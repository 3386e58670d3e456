"""How much of a short report a text takes: about, as a document does not know its form, and never too little."""

from dataclasses import dataclass
from math import ceil

_WIDE = 0x2000  # from here on most characters are as wide as two


@dataclass(slots=True)
class Space:
    """Lines that are left for a list in a short report."""

    left: int

    def takes(self, needed: int) -> bool:
        """Take as many lines and return True; False, and nothing is taken, where there are no more."""
        if needed > self.left:
            return False
        self.left -= needed
        return True


def lines(text: str, columns: int) -> int:
    """Return how many lines of that many characters a text may take, at least one."""
    return max(1, ceil(sum(2 if ord(each) > _WIDE else 1 for each in text) / columns))
