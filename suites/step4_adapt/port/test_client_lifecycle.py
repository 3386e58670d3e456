"""Step 4: the id2_client API on the board before its init, between inits that are counted, and after its cleanup."""

from harness.fixtures.port.client import CALLS, FIRST_CALLS, GENERIC, GET_ID, told
from harness.fixtures.types import ClientUnderTest, Scenario


def test_before_init(scenario: Scenario, client: ClientUnderTest) -> None:
    """Before init each call is refused, and cleanup does nothing."""
    if not client.counts_inits:
        scenario.does_not_apply("API-INI-01", f"nothing says so of this SDK ({client.sdk})")
        return
    calls = client.offered(CALLS)
    with scenario.step("API-INI-01"), client.stopped():
        for call in calls:
            client.refuses(call, GENERIC)
        rc = client.calls.cleanup()
        assert rc == 0, f"cleanup without init: {told(rc)}"
        assert not client.initialised, "cleanup without init makes the client answer"


def test_init_is_counted(scenario: Scenario, client: ClientUnderTest) -> None:
    """As many cleanups as inits end the client, and no fewer."""
    if not client.counts_inits:
        scenario.does_not_apply("API-INI-02", f"this SDK counts no inits ({client.sdk})")
        return
    with scenario.step("API-INI-02"), client.stopped():
        for inits in (1, 2, 5):
            for number in range(inits):
                rc = client.calls.init()
                assert rc == 0, f"init number {number + 1}: {told(rc)}"
            for number in range(inits):
                assert client.initialised, (
                    f"after {inits} inits and {number} cleanups the client is at its end"
                )
                rc = client.calls.cleanup()
                assert rc == 0, f"cleanup number {number + 1}: {told(rc)}"
            assert not client.initialised, (
                f"after {inits} inits and as many cleanups the client still answers"
            )


def test_after_cleanup(scenario: Scenario, client: ClientUnderTest) -> None:
    """After the last cleanup each call is refused again, and after another init the device is the same."""
    if not client.is_release_2:
        scenario.does_not_apply("API-INI-03", f"nothing says so of this SDK ({client.sdk})")
        return
    codes = (GENERIC,) if client.counts_inits else ()
    calls = client.offered(CALLS if client.counts_inits else FIRST_CALLS)
    with scenario.step("API-INI-03"):
        before = client.succeeds(GET_ID).data
        with client.stopped():
            for call in calls:
                client.refuses(call, *codes)
            for _ in range(3):
                rc = client.calls.init()
                assert rc == 0, f"init after cleanup: {told(rc)}"
                assert client.succeeds(GET_ID).data == before, "after cleanup and init the ID is another one"
                rc = client.calls.cleanup()
                assert rc == 0, f"cleanup: {told(rc)}"
