"""Step 3: the manufacturer's own server, judged by what it does between device and service."""

from harness.fixtures.business import judging_the_server
from harness.fixtures.types import Business, Rule, Scenario, final_problems, lost_problems, retry_problems


def test_genuine_device_is_let_in(scenario: Scenario, business: Business) -> None:
    """The server lets the genuine device in."""
    with scenario.step("SRV-10"), judging_the_server():
        one = business.authenticate()
        assert one.accepted, f"the server did not accept the genuine device ({one.detail})"
        assert one.successes, "the server accepted the device and had nothing verified"


def test_challenge_is_fresh(scenario: Scenario, business: Business) -> None:
    """Every authentication has its own challenge."""
    with scenario.step("SRV-11"), judging_the_server():
        business.must_keep(Rule.CHALLENGE_FRESH, business.authenticate(), business.authenticate())


def test_code_is_passed_on(scenario: Scenario, business: Business) -> None:
    """What the device answers to the challenge is what the service judges."""
    with scenario.step("SRV-12"), judging_the_server():
        business.must_keep(Rule.CHALLENGE_PASSED_ON, business.authenticate(), business.authenticate())


def test_timestamp_is_in_milliseconds(scenario: Scenario, business: Business) -> None:
    """The device signs the present time in milliseconds."""
    with scenario.step("SRV-13"), judging_the_server():
        business.must_keep(Rule.TIMESTAMP, business.authenticate())


def test_right_product(scenario: Scenario, business: Business) -> None:
    """The server names its own product."""
    with scenario.step("SRV-14"), judging_the_server():
        business.must_keep(Rule.PRODUCT, business.authenticate())


def test_right_device(scenario: Scenario, business: Business) -> None:
    """The server names the device that is to be authenticated."""
    with scenario.step("SRV-15"), judging_the_server():
        business.must_keep(Rule.DEVICE, business.authenticate())


def test_extra_on_both_sides(scenario: Scenario, business: Business) -> None:
    """The extra that the device signs is the one that the server passes."""
    with scenario.step("SRV-16"), judging_the_server():
        one = business.authenticate()
        business.must_keep(Rule.EXTRA, one)
        assert any(request.fields.get("extra") for request in one.asked if "code" in request.answer), (
            "the board file says that the server binds an extra, and the device was given none to sign"
        )


def test_wrong_signature_is_refused(scenario: Scenario, business: Business) -> None:
    """A device that the service refuses is not let in."""
    with scenario.step("SRV-17"), judging_the_server():
        one = business.authenticate_with_wrong_signature()
        assert not one.accepted, f"the device was accepted although its signature is wrong ({one.detail})"
        assert not one.successes, "the service accepted a wrong signature"


def test_recorded_code_is_refused(scenario: Scenario, business: Business) -> None:
    """A code that was used before lets nobody in."""
    with scenario.step("SRV-18"), judging_the_server():
        recorded = business.authenticate()
        one = business.authenticate_with_recorded_code(recorded)
        assert not one.accepted, f"a recorded code was accepted ({one.detail})"


def test_impostor_is_refused(scenario: Scenario, business: Business) -> None:
    """Another genuine device is not let in as this one."""
    with scenario.step("SRV-19"), judging_the_server():
        one = business.authenticate_as_impostor()
        assert not one.accepted, f"another device was accepted as {business.id2} ({one.detail})"


def test_busy_service_is_asked_again(scenario: Scenario, business: Business) -> None:
    """A busy service is asked again, and the device is let in."""
    with scenario.step("SRV-20"), judging_the_server():
        business.answer_with(54, times=1)
        one = business.authenticate()
        business.recover()
        assert one.accepted, (
            f"the device was not accepted although the service was busy just once ({one.detail})"
        )
        assert one.successes, "the device was accepted, and the busy service was not asked again"


def test_busy_service_is_not_overrun(scenario: Scenario, business: Business) -> None:
    """A service that stays busy is asked a few times with pauses, and the device is not let in."""
    with scenario.step("SRV-21"), judging_the_server():
        business.answer_with(54)
        one = business.authenticate()
        business.recover()
        problems = retry_problems(one)
        assert not problems, "; ".join(problems)
        assert not one.accepted, "the device was accepted although the service was always busy"


def test_final_refusals_are_final(scenario: Scenario, business: Business) -> None:
    """A refusal that asking again cannot change is taken once, and the device is not let in."""
    with scenario.step("SRV-22"), judging_the_server():
        problems: list[str] = []
        for code in (21, 45, 46, 50):
            business.answer_with(code)
            problems += final_problems(business.authenticate(), code)
            business.recover()
        business.use_up_licences()
        problems += final_problems(business.authenticate(), 16)
        business.recover()
        assert not problems, "; ".join(problems)


def test_lost_answers_let_nobody_in(scenario: Scenario, business: Business) -> None:
    """When no answer of the service comes through, the device is not let in."""
    with scenario.step("SRV-23"), judging_the_server():
        problems: list[str] = []
        for kind in ("drop", "http-500", "garbage"):
            business.lose_answers(kind)
            problems += [f"{kind}: {problem}" for problem in lost_problems(business.authenticate())]
            business.recover()
        assert not problems, "; ".join(problems)


def test_device_verifies_the_server(scenario: Scenario, business: Business) -> None:
    """The service's code reaches the device, and one that the device refuses ends the session."""
    with scenario.step("SRV-24"), judging_the_server():
        business.must_keep(Rule.SERVER_CODE, business.authenticate())
    with scenario.step("SRV-25"), judging_the_server():
        business.spoil_server_code()
        one = business.authenticate()
        business.recover()
        assert not one.accepted, (
            "the device was let in although it refused the server's code, or never saw it"
        )


def test_session_key_is_used_once(scenario: Scenario, business: Business) -> None:
    """Every authentication has its own random session key, and it reaches the device."""
    with scenario.step("SRV-26"), judging_the_server():
        business.must_keep(Rule.SESSION_KEY, *(business.authenticate() for _ in range(3)))


def test_secrets_stay_secret(scenario: Scenario, business: Business) -> None:
    """No secret stands in a URL or goes to the device in the clear."""
    with scenario.step("SRV-27"), judging_the_server():
        business.must_keep(Rule.SECRETS, business.authenticate())


def test_calls_are_well_formed(scenario: Scenario, business: Business) -> None:
    """Every call has the right version and gets through the gateway, with no more rights than needed."""
    with scenario.step("SRV-28"), judging_the_server():
        one = business.authenticate()
        business.must_keep(Rule.FORM, one)
    with scenario.step("SRV-29"), judging_the_server():
        for problem in business.problems(Rule.RIGHTS, one):
            scenario.finding("rights", severity="minor", title="more rights than needed", detail=problem)
