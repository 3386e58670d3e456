"""A run in which every text field holds the same text."""

from pathlib import Path

from harness.errors import DeviceError
from harness.run.events import ScenarioInfo
from harness.run.header import Header
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict


def write(root: Path, text: str) -> Path:
    """Write a run full of `text` and return its folder."""
    nested = {text: {text: [text, {text: text}]}}
    printable = "".join(character for character in text if character.isprintable())[:900]
    said = {"name": printable, "address": printable, "contact": printable}
    header = Header(
        plan=nested,
        declaration=nested,
        options={
            **nested,
            "plugins": [text],
            "suites": [text],
            "stand_ins": {text: text},
            "faults": {text: text},
        },
        board_file={**nested, "name": text, "transports": {text: {"kind": text}}},
        report={
            "title": printable,
            "number": printable,
            "customer": said,
            "maker": said,
            "place": printable,
            "item": {"name": printable, "model": printable, "serial_numbers": [printable]},
            "deviations": [printable],
            "opinions": [printable],
        },
    )
    run = Run.create(root, text, header)
    run.requirements(
        [
            {"id": text or "R", "statement": text, "source": text, "level": text, "applies_when": text},
            {"id": "R-2"},
        ],
        [text],
    )
    run.board_found({text: text})
    run.transport_opened(text, text)
    run.note(text)
    for verdict in Verdict:
        steps = ((text, text), (text, text))
        log = run.begin(ScenarioInfo(text + verdict, text, text, text, (text,), steps))
        error = DeviceError(text, hint=text, board=text, transport=text, traffic=[text, text], code=-1)
        try:
            with log.step(0):
                log.measure(Measurement(text, text, None, 1), 0.5)
                log.measure(Measurement(text, text), 10**40)
                log.evidence(text, text.encode("utf-8", "replace"), media_type="text/html", title=text)
                log.finding(text, severity="minor", title=text, detail=text)
                log.note(text)
                if verdict is not Verdict.PASSED:
                    raise error
        except DeviceError:
            pass
        log.finish(verdict, reason=text, error=error)
    run.finish(text)
    return run.path
