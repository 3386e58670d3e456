"""What holds after any fault, as functions over lock journals and progress files."""

import json


def overlapping(journal):
    """Return pairs of runs of one board that went on at the same time, out of a lock journal's lines."""
    found, open_ = [], {}
    for line in journal:
        entry = json.loads(line)
        board = entry["board"]
        if entry["what"] == "begin":
            other = open_.get(board)
            if other is not None and not other.get("killed"):
                found.append((other["run"], entry["run"]))
            open_[board] = entry
        elif entry["what"] == "killed":
            for one in open_.values():
                if one["pid"] == entry["pid"]:
                    one["killed"] = True
        elif open_.get(board, {}).get("run") == entry["run"]:
            del open_[board]
    return found


def runs_of(journal):
    """Return how many runs of each board began."""
    counts = {}
    for line in journal:
        entry = json.loads(line)
        if entry["what"] == "begin":
            counts[entry["board"]] = counts.get(entry["board"], 0) + 1
    return counts


def gaps(events):
    """Return the places where the number of events does not count up by one."""
    numbers = [event["seq"] for event in events]
    return [
        (before, after) for before, after in zip([-1, *numbers], numbers, strict=False) if after != before + 1
    ]


def without_end(events):
    """Return the boards whose started run has neither a verdict nor was told as lost."""
    open_ = {}
    for event in events:
        if event["event"] == "run_started":
            open_[event["board"]] = event
        elif event["event"] in {"run_finished", "board_lost"}:
            open_.pop(event["board"], None)
    return sorted(open_)


def verdicts_of_lost(events):
    """Return the boards that have a verdict although their process was lost."""
    lost = {event["board"] for event in events if event["event"] == "board_lost"}
    judged = {event["board"] for event in events if event["event"] == "run_finished"}
    return sorted(lost & judged)


def held_without_lock(places, lives, now, limit=60):
    """Return the places that a campaign holds for longer than `limit` seconds although its lock is free.

    Args:
        places: Places as the coordinator tells of them.
        lives: Whether the lock of a campaign is held, by the name of whoever holds places.
        now: Seconds since 1970.
    """
    return [
        place.name
        for place in places
        if place.acquired in lives and not lives[place.acquired] and now - place.changed > limit
    ]
