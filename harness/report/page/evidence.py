"""The beginnings of small text evidence, up to a limit for the whole page."""

from harness.report.document.context import Context
from harness.report.records import Evidence
from harness.report.scenario_fold import evidence_path

_ONE = 1_500
_ALL = 256 * 1024


class Previews:
    """Gives the beginnings of evidence in the order in which they are asked for."""

    def __init__(self, context: Context) -> None:
        """Begin with the whole room of the page."""
        self._context = context
        self._left = _ALL

    def __call__(self, evidence: Evidence) -> str:
        """Return the beginning of a piece of evidence; empty when it is no text, not there, or the room is used up."""
        readable = evidence.media_type.startswith("text/") or evidence.media_type == "application/json"
        path = evidence_path(self._context.folder, evidence.file)
        if not readable or path is None or self._left <= 0:
            return ""
        with path.open("rb") as file:
            data = file.read(_ONE + 1)
        text = self._context.lines(data[:_ONE].decode("utf-8", "replace"), _ONE)
        self._left -= len(text)
        return text + ("…" if len(data) > _ONE else "")
