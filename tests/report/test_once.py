"""What forms share is made once a report, and goes with it."""

import gc
import weakref

from harness.report.model import load
from harness.report.once import once
from harness.run.run import Run


def test_each_report_has_its_own_and_nothing_outlives_it(tmp_path):
    made = []

    class Thing:
        """Something that can be watched."""

    @once
    def thing(report):
        made.append(report.run)
        return Thing()

    run = Run.create(tmp_path, "b")
    run.finish()
    first, second = load(run.path), load(run.path)
    assert thing(first) is thing(first)
    assert thing(second) is not thing(first)
    assert len(made) == 2
    watched = weakref.ref(thing(first))
    del first
    gc.collect()
    assert watched() is None
    assert thing(second) is thing(second)
    assert len(made) == 2
