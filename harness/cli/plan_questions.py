"""The questions of `harness plan --new`, one after the other, with a way back; they only ask, and write nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.board.models import Pattern, PlannedCarrier
from harness.board.plan import matrix
from harness.board.plan.demands import demands
from harness.board.plan.table import PATTERNS, Cell, cells
from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.settings.problems import printable
from harness.settings.suggest import meant

_BACK, _RESTART, _QUIT = "back", "restart", "quit"
_WORDS = {"b": _BACK, "r": _RESTART, "q": _QUIT}
_HELP = "a number or a name; b goes back, r starts again, q quits and writes nothing"


class Quit(Exception):  # noqa: N818 - a wish, no error
    """Whoever is asked wants to stop."""


class _Again(Exception):  # noqa: N818 - a wish, no error
    """Whoever is asked wants another question: the one before, or the first."""

    def __init__(self, word: str) -> None:
        self.word = word


@dataclass(frozen=True, slots=True)
class Choice:
    """One question of the table.

    Attributes:
        field: Field of the plan.
        question: What is asked.
        options: What can be answered, each with what it means.
    """

    field: str
    question: str
    options: Mapping[str, str]

    @property
    def flag(self) -> str:
        """The option of the command line that answers it."""
        return "--" + self.field.replace("_", "-")


def choices() -> tuple[Choice, ...]:
    """Return the questions in the order of the vendor's table."""
    return (
        Choice("pattern", "Who authenticates the device?", {each.value: PATTERNS[each] for each in Pattern}),
        Choice(
            "carrier",
            "Where does the ID² key live?",
            {each.value: demands(each).meaning for each in PlannedCarrier},
        ),
        Choice("platform", "What runs on the board?", matrix.platforms()),
        Choice("key_type", "Which type has the ID² key?", {each.value: "" for each in KeyType}),
    )


def given(answers: Mapping[str, str | None]) -> dict[str, str]:
    """Return the answers of the command line, checked one by one.

    Raises:
        UsageError: One is none of the options; the message names them.
    """
    found = {}
    for choice in choices():
        answer = answers[choice.field]
        if answer is None:
            continue
        if answer not in choice.options:
            raise UsageError(
                f"{choice.flag} {printable(answer)!r}: there is no such {choice.field.replace('_', ' ')}"
                f"{meant(answer, choice.options)} there is {', '.join(choice.options)}"
            )
        found[choice.field] = answer
    return found


def fitting(answers: Mapping[str, str]) -> list[Cell]:
    """Return the cells of the table that the answers leave; those that are about no plan leave all."""
    chosen = {choice.field: answers[choice.field] for choice in choices() if choice.field in answers}
    return [
        cell
        for cell in cells()
        if all(str(getattr(cell.plan, field)) == answer for field, answer in chosen.items())
    ]


def impossible(answers: Mapping[str, str]) -> str:
    """Return why no plan goes with the answers; empty when one does."""
    left = fitting(answers)
    if any(cell.possible for cell in left):
        return ""
    always = set.intersection(*(set(cell.refusals) for cell in left)) or {
        refusal for cell in left for refusal in cell.refusals
    }
    return "; ".join(sorted(always))


class Questions:
    """Asks for what the command line does not say.

    Args:
        read: Gives one line of an answer for a prompt; raises EOFError when nothing more comes.
        say: Prints lines.
    """

    def __init__(self, read: Callable[[str], str], say: Callable[[str], None]) -> None:
        self._read = read
        self._say = say

    def ask(
        self, answers: Mapping[str, str], more: Sequence[tuple[str, Callable[[Mapping[str, str]], str]]]
    ) -> dict[str, str]:
        """Return an answer to every question.

        Args:
            answers: What is answered already; it is not asked again.
            more: Questions after those of the table, each a name, and what asks it: it is given the answers so far,
                and may raise what `answer` raises.

        Raises:
            Quit: Whoever is asked wants to stop.
        """
        asked = [(choice.field, self._asking(choice)) for choice in choices() if choice.field not in answers]
        steps = [*asked, *(one for one in more if one[0] not in answers)]
        found = dict(answers)
        at = 0
        self._say(_HELP)
        while at < len(steps):
            name, question = steps[at]
            try:
                found[name] = question(found)
                at += 1
            except _Again as again:
                at = max(at - 1, 0) if again.word == _BACK else 0
                for later, _ in steps[at:]:
                    found.pop(later, None)
        return found

    def answer(self, prompt: str) -> str:
        """Return one answer, without blanks around it.

        Raises:
            Quit: It is q, or nothing more comes.
            _Again: It is b or r, which `ask` acts on.
        """
        try:
            text = self._read(prompt).strip()
        except EOFError:
            raise Quit from None
        word = _WORDS.get(text.lower(), text.lower())
        if word == _QUIT:
            raise Quit
        if word in {_BACK, _RESTART}:
            raise _Again(word)
        return text

    def say(self, text: str) -> None:
        """Print lines."""
        self._say(text)

    def _asking(self, choice: Choice) -> Callable[[Mapping[str, str]], str]:
        def question(answers: Mapping[str, str]) -> str:
            self._say("")
            self._say(choice.question)
            names = list(choice.options)
            refused = {name: impossible({**answers, choice.field: name}) for name in names}
            for number, name in enumerate(names, 1):
                told = f"impossible: {refused[name]}" if refused[name] else choice.options[name]
                self._say(f"  {number:>2}  {name:<18}  {told}".rstrip())
            while True:
                named = _named(self.answer(f"{choice.field.replace('_', ' ')}: "), names)
                if named is None:
                    self._say(_HELP)
                elif refused[named]:
                    self._say(f"{named} is impossible: {refused[named]}")
                else:
                    return named

        return question


def _named(text: str, names: Sequence[str]) -> str | None:
    if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= len(names):
        return names[int(text[:4]) - 1]
    begun = [name for name in names if text and name.startswith(text.lower())]
    return text.lower() if text.lower() in names else begun[0] if len(begun) == 1 else None
