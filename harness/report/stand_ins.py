"""What of a run was not the real thing: simulated parts of the board, a console played back, the mock service.

Whoever reads a report must know it before any verdict: a virtual board that passes says nothing of a device.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.report.records import RunReport
from harness.report.text import one_line

_MOST = 8
_NAME = 60
_REASON = 200


@dataclass(frozen=True, slots=True)
class StandIns:
    """What stood in for what.

    Attributes:
        title: In a few words: "Virtual board, mock service".
        words: In sentences, safe to print.
    """

    title: str
    words: str

    @property
    def line(self) -> str:
        """Both, on one line."""
        return f"{self.title}: {self.words}"


def stand_ins(report: RunReport) -> StandIns | None:
    """Return what stood in for the real thing; None when nothing did, or the folder does not say."""
    simulated, played, real = _parts(report)
    mock = _service(report) == "mock"
    titles, words = [], []
    if simulated or played:
        titles.append("partly virtual board" if real else "virtual board")
        told = [f"{_listed(simulated)} {_are(simulated)} simulated"] if simulated else []
        told += [f"{_listed(played)} {_are(played)} played back from a file"] if played else []
        # What sits behind a socket or a port the harness cannot know, so nothing is said to be real.
        told += [f"{_listed(real)} {_are(real)} not" if real else "no real device was asked"]
        words.append(", ".join(told))
    if mock:
        titles.append("mock service")
        words.append("the ID² service is the harness's mock, not the cloud")
    if reasons := _development(report):
        titles.append("development run")
        words.append(f"no official report may come of it: {'; '.join(reasons)}")
    if not titles:
        return None
    title = ", ".join(titles)
    return StandIns(title[0].upper() + title[1:], "; ".join(words))


def _development(report: RunReport) -> list[str]:
    """Return why the device is for development only, as the header of the run says."""
    told = report.options.get("development")
    return [one_line(str(each), _REASON) for each in told] if isinstance(told, list) else []


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


def _listed(names: list[str]) -> str:
    shown = names[:_MOST] + ([f"{len(names) - _MOST} more"] if len(names) > _MOST else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
