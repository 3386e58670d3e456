"""Operator steps of a run, shown in the progress of its campaign and answered by files in the campaign's folder."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.board.opening.locks import user_name
from harness.operator.elsewhere import Asked, Given
from harness.operator.steps import Field
from harness.progress import answers
from harness.progress.names import CampaignFolder
from harness.report.text import one_line

_LARGEST_PICTURE = 8 << 20
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF8": "gif",
    b"RIFF": "webp",
}
"""How the pictures begin that a browser shows and that run nothing there."""


class AnswerFiles:
    """Where a person may answer who is not at the terminal of the run.

    Args:
        tell: Takes an event and its fields.
        campaign: The campaign's folder.
    """

    def __init__(self, tell: Callable[[str, Mapping[str, object]], None], campaign: CampaignFolder) -> None:
        self._tell = tell
        self._campaign = campaign
        self._ask = ""
        self._title = ""

    def ask(self, asked: Asked) -> None:
        """Tell the question."""
        self._ask, self._title = f"{asked.step}-{secrets.token_hex(6)}", asked.title
        self._tell(
            "operator_asks",
            {
                "ask": self._ask,
                "step": asked.step,
                "title": asked.title,
                "instructions": list(asked.instructions),
                "fields": [_plain(field) for field in asked.fields],
                "timeout_s": asked.timeout_s,
                "picture": None if asked.picture is None else self._kept(asked.picture),
            },
        )

    def answer(self) -> Given | None:
        """Return an answer whose file has come since."""
        found = answers.take(self._campaign.answers, self._ask)
        return None if found is None else Given(one_line(found.by), one_line(found.via), found.values)

    def refuse(self, given: Given, why: str) -> None:
        """Tell that an answer cannot be used; what it was is not repeated."""
        self._tell(
            "told",
            {
                "text": f"the answer of {given.by or 'somebody'} ({given.via}) to {self._title!r} cannot be used: {why}"
            },
        )

    def over(self, given: Given | None, gave_up: str) -> None:
        """Tell what became of the question, and leave no late answer behind, which may hold a secret."""
        came = {"gave_up": gave_up} if given is None else {"by": given.by or user_name(), "via": given.via}
        self._tell("operator_answered", {"ask": self._ask, **came})
        answers.forget(self._campaign.answers, self._ask)

    def _kept(self, picture: Path) -> str | None:
        """Keep a picture in the campaign's folder and return its name there; None when it is no picture."""
        try:
            with picture.open("rb") as file:
                data = file.read(_LARGEST_PICTURE + 1)
            kind = next((kind for begin, kind in _PICTURES.items() if data.startswith(begin)), None)
            if kind is None or len(data) > _LARGEST_PICTURE:
                return None
            kept = self._campaign.path / "pictures" / f"{self._ask}.{kind}"
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(data)
        except OSError:
            return None
        return str(kept.relative_to(self._campaign.path))


def _plain(field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "form": "choice" if field.form.choices else "text",
        "words": field.form.words,
        "secret": field.secret,
        "choices": list(field.form.choices),
    }
