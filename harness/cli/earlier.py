"""How long the scenarios of a board took in its last run that has a report: what an expected end is made of."""

import json
import math
from pathlib import Path

_LARGEST = 32 * 1024 * 1024
_NEWEST = 5  # run folders that are looked at


def earlier_seconds(runs: Path, board: str) -> dict[tuple[str, str], float]:
    """Return the seconds of each (step folder, title); empty when no earlier run can be read.

    A guess depends on it and nothing else, so what cannot be read is passed over in silence.
    """
    try:
        folders = sorted(runs.glob(f"*-{board}"), reverse=True)
    except OSError:
        return {}
    for folder in folders[:_NEWEST]:
        try:
            if (folder / "report.json").stat().st_size > _LARGEST:
                continue
            report = json.loads((folder / "report.json").read_bytes())
            found = {
                (str(one["step_folder"]), str(one["title"])): float(one["seconds"])
                for one in report["scenarios"]
                if one["seconds"] is not None and one["verdict"] in ("passed", "failed")
            }
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        found = {name: seconds for name, seconds in found.items() if math.isfinite(seconds) and seconds >= 0}
        if found:
            return found
    return {}
