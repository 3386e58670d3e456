"""What of a run was not the real thing: simulated parts of the board, a console played back, the mock service.

Whoever reads a report must know it before any verdict: a virtual board that passes says nothing of a device.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from harness.report.records import RunReport
from harness.report.text import capital, one_line
from harness.report.words import ENGLISH, Language

_MOST = 8
_NAME = 60
_REASON = 200


@dataclass(frozen=True, slots=True)
class StandIns:
    """What stood in for what.

    Attributes:
        title: In a few words: "Virtual board, mock service".
        facts: What stood in, and why the run is one of development, in sentences that are safe to print.
        allowed: What the policy of a lab allowed of it besides; empty for nothing.
        words: Facts and allowed, as one sentence.
    """

    title: str
    facts: str
    allowed: str
    words: str

    @property
    def line(self) -> str:
        """Title and words, on one line."""
        return f"{self.title}: {self.words}"


def stand_ins(report: RunReport, say: Language = ENGLISH) -> StandIns | None:
    """Return what stood in for the real thing; None when nothing did, or the folder does not say."""
    simulated, played, real = _parts(report)
    mock = _service(report) == "mock"
    titles, words, named = [], [], ""
    if simulated or played:
        titles.append(say("partly virtual board") if real else say("virtual board"))
        told = _told(say, simulated, "{names} is simulated", "{names} are simulated")
        told += _told(
            say, played, "{names} is played back from a file", "{names} are played back from a file"
        )
        # What sits behind a socket or a port the harness cannot know, so nothing is said to be real.
        told += _told(say, real, "{names} is not", "{names} are not") or [say("no real device was asked")]
        words.append(reduce(lambda one, other: say("{one}, {other}", one=one, other=other), told))
    if mock:
        titles.append(say("mock service"))
        words.append(say("the ID² service is the harness's mock, not the cloud"))
    if reasons := _development(report):
        titles.append(say("development run"))
        why = say("; ").join(map(say, reasons))
        words.append(say("no official report may come of it: {why}", why=why))
    if allowed := _allowed(report):
        titles.append(say("allowed by the policy of the laboratory"))
        what = say("; ").join(map(say, allowed))
        named = say("the policy of the laboratory allows in an official run, and names: {what}", what=what)
    if not titles:
        return None
    title = say(", ").join(titles)
    facts = say("; ").join(words)
    return StandIns(capital(title), facts, named, say("; ").join(each for each in (facts, named) if each))


def _told(say: Language, names: list[str], one: str, several: str) -> list[str]:
    """Return what is true of `names`, by the words for one and for several; nothing of none."""
    return [say(one if len(names) == 1 else several, names=_listed(say, names))] if names else []


def _development(report: RunReport) -> list[str]:
    """Return why the run is one of development: what the header says, and what broke the rules of an official one."""
    told = report.options.get("development")
    reasons = [*(told if isinstance(told, list) else []), *report.no_longer_official[:_MOST]]
    return [one_line(str(each), _REASON) for each in reasons]


def _allowed(report: RunReport) -> list[str]:
    """Return what the policy of a lab has an official report name, and is not told by the parts of the board."""
    told_above = {"simulated_board", "mock_service"}
    named = [one.detail for one in report.named if one.matter not in told_above]
    return [one_line(each, _REASON) for each in named[:_MOST]]


def _parts(report: RunReport) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the transports that are simulated, played back, and real."""
    transports = report.board_file.get("transports")
    told = report.options.get("stand_ins")
    found: dict[object, list[str]] = {"simulated": [], "played back": [], None: []}
    for name, settings in transports.items() if isinstance(transports, Mapping) else ():
        if not isinstance(settings, Mapping) or not isinstance(settings.get("kind"), str):
            continue
        stand_in = told.get(name) if isinstance(told, Mapping) else _of_kind(settings)
        found.setdefault(stand_in if isinstance(stand_in, str) else None, []).append(
            one_line(str(name), _NAME)
        )
    return found["simulated"], found["played back"], found[None]


def _of_kind(settings: Mapping[str, object]) -> str | None:
    """Return what stood in for a device in a run of an earlier version, whose header names no stand-ins."""
    if not str(settings["kind"]).startswith("simulated-"):
        return None
    return "played back" if settings.get("file") else "simulated"


def _service(report: RunReport) -> str:
    used = report.options.get("service")
    if isinstance(used, str):
        return used
    service = report.board_file.get("service")
    endpoint = service.get("endpoint") if isinstance(service, Mapping) else None
    return endpoint if isinstance(endpoint, str) else ""


def _listed(say: Language, names: list[str]) -> str:
    shown = names[:_MOST] + ([say("{n} more", n=len(names) - _MOST)] if len(names) > _MOST else [])
    if len(shown) == 1:
        return shown[0]
    return say("{names} and {last}", names=say(", ").join(shown[:-1]), last=shown[-1])
