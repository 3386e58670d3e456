"""The command line. Ctrl-C while it is still being loaded ends it with a word and not with a traceback."""

import sys
from types import TracebackType


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
    else:
        sys.__excepthook__(kind, error, trace)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _last_words
