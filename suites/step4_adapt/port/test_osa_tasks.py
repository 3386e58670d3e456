"""Step 4: mutex, semaphore and thread of the board's OSA."""

from harness.fixtures.types import PortUnderTest, Scenario, short_problems, too_long
from harness.probe.osa import MUTEX_STEPS

WAITS_MS = (20, 100, 500)
TRIES = 3
COUNTED = 20
GIVEN_MS = 1_500
LOCKED_MS = 300


def test_mutex(scenario: Scenario, port: PortUnderTest) -> None:
    """A mutex can be made, locked, unlocked, locked again and destroyed."""
    with scenario.step("OSA-MUTEX-01"):
        for _ in range(TRIES):
            steps = port.osa.mutex()
            assert steps == MUTEX_STEPS, (
                f"{steps} of the {MUTEX_STEPS} steps create, lock, unlock, lock, unlock, destroy went well"
            )


def test_mutual_exclusion(scenario: Scenario, port: PortUnderTest) -> None:
    """A thread does not get a mutex that its creator holds."""
    reached = port.osa.thread(port.declaration.thread_stack, COUNTED, LOCKED_MS, locked_out=True)
    with scenario.step("OSA-MUTEX-02"):
        assert reached is not None, "no thread, or no mutex, could be made, or the mutex could not be locked"
        assert not reached, f"while its creator held the mutex a thread locked it {reached} times"


def test_semaphore_in_vain(scenario: Scenario, port: PortUnderTest) -> None:
    """A wait for a semaphore that nobody posts ends when its time is over, without success."""
    begin = port.moment()
    tried = [port.osa.wait_in_vain(ms) for ms in WAITS_MS for _ in range(TRIES)]
    waits = [one.wait for one in tried]
    with scenario.step("OSA-SEM-01"):
        for one in tried:
            assert one.rc, f"nobody posted the semaphore, and ls_osa_sem_wait returned 0: {one.wait}"
    with scenario.step("OSA-SEM-02"):
        tick, limit = port.limits.tick_ms, port.limits.drift_ppm
        short = short_problems(waits, tick, limit)
        assert not short, short[0]
        for long in too_long(waits, tick, tick, limit):
            port.require_own_fault(str(long), long.excess, begin)
            raise AssertionError(str(long))


def test_semaphore_posted(scenario: Scenario, port: PortUnderTest) -> None:
    """A semaphore that was posted is taken."""
    taken = [port.osa.wait_for_post(WAITS_MS[-1]) for _ in range(TRIES)]
    with scenario.step("OSA-SEM-03"):
        for one in taken:
            assert not one.rc, f"the semaphore was posted, and ls_osa_sem_wait returned {one.rc}"
        quickest = min((one.wait for one in taken), key=lambda wait: wait.by_board)
        assert quickest.by_board[0] < WAITS_MS[-1], f"the semaphore was posted, and each time: {quickest}"


def test_thread(scenario: Scenario, port: PortUnderTest) -> None:
    """A thread runs beside the caller, which sleeps meanwhile."""
    begin = port.moment()
    stack = port.declaration.thread_stack
    reached = port.osa.thread(stack, COUNTED, GIVEN_MS)
    with scenario.step("OSA-THREAD-01"):
        assert reached is not None, (
            f"ls_osa_thread_create with a stack of {stack} bytes made no thread (declaration.thread_stack)"
        )
        if reached < COUNTED:
            what = f"in {GIVEN_MS} ms a thread that sleeps 1 ms each time counted to {reached} of {COUNTED}"
            port.require_own_fault(what, GIVEN_MS / 1000, begin)
            raise AssertionError(what)
