"""Small run folders, as the pytest plugin would write them."""

from contextlib import suppress

from harness.errors import DeviceError
from harness.run import manifest
from harness.run.events import ScenarioInfo
from harness.run.folder import RunFolder
from harness.run.header import Header
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict

ONE = ScenarioInfo(
    id="step4_adapt/test_one",
    step_folder="step4_adapt",
    title="One thing holds",
    requirements=("R-1",),
    steps=(("R-1", "It holds"),),
)
OTHER = ScenarioInfo(
    id="step5_verify/test_other",
    step_folder="step5_verify",
    title="Another thing holds",
    requirements=("R-2",),
    steps=(("R-2", "It holds too"),),
)


def write(runs, board="board", one=Verdict.PASSED, other=Verdict.PASSED, *, value=1.0, end=True, header=None):
    """Write a small run folder; without its end it is one that was killed."""
    run = Run.create(runs, board, header or Header(options={"service": "mock"}))
    run.requirements([{"id": "R-1"}, {"id": "R-2"}])
    run.plan([ONE, OTHER])
    for info, verdict in ((ONE, one), (OTHER, other)):
        log = run.begin(info)
        error = None
        if verdict is Verdict.FAILED:
            error = DeviceError("the device said 6A80, expected 9000")
        with suppress(DeviceError), log.step(0):
            log.measure(Measurement("time", "s", None, 100), value)
            if error is not None:
                raise error
        log.finish(verdict, reason="" if error is None else error.message, error=error)
    if end:
        run.finish()
        manifest.write(RunFolder.open(run.path))
    return run.path
