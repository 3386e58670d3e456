"""The page of the fault switches: every switch can be set as in process, and what it does is seen on calls."""

import re

import pytest

from harness.service.errors import ServiceRefusal, ServiceUnavailable
from harness.service.mock.faults import Fault, FaultKind
from tests.web_console.web_bench import PUBLISHED, Browser

PLAIN = {"kind": "code", "operation": "*", "count": "1", "after": "0", "latency_ms": "0", "code": "54"}
HOSTILE = "<script>alert(1)</script>\u202e\x00"


def active(browser):
    return [each.fault for each in browser.mock.admin.faults.active()]


def test_every_kind_can_be_switched_on_and_off(browser):
    for number, kind in enumerate(FaultKind, 1):
        page = browser.post("/console/faults", **{**PLAIN, "kind": kind, "latency_ms": "7"})
        assert f"Fault {number} is switched on." in page.text
        assert active(browser) == [Fault(kind=kind, latency_ms=7)]
        assert f"{kind} Every operation" in page.text
        assert (
            f"Fault {number} is switched off." in browser.post("/console/faults/off", number=str(number)).text
        )
        assert active(browser) == []
    assert "was off already" in browser.post("/console/faults/off", number="1").text


def test_all_values_of_a_switch(browser):
    page = browser.post(
        "/console/faults",
        kind="code",
        operation="Verify",
        count="3",
        after="2",
        latency_ms="50",
        code="45",
        after_effect="yes",
    )
    wanted = Fault(
        kind=FaultKind.CODE, operation="Verify", count=3, after=2, latency_ms=50, code=45, after_effect=True
    )
    assert active(browser) == [wanted]
    for said in ("45 ID² suspended", "After 50 ms", "work is done", "3 call(s)", "0 of 2", "0 of 3"):
        assert said in page.text
    browser.post("/console/faults", **{**PLAIN, "kind": "drop", "every": "yes", "count": ""})
    assert active(browser)[1].count is None
    assert "All faults are switched off." in browser.post("/console/faults/clear").text
    assert active(browser) == []


def test_a_single_shot_strikes_once_and_the_pages_of_all_tell(browser):
    other = Browser(browser.mock, **{"Accept-Language": "zh"})
    browser.post("/console/faults", **{**PLAIN, "code": "54", "after": "1"})
    assert "0 / 1" in other.get("/console/faults").text
    with browser.mock.client() as service:
        service.get_server_random(PUBLISHED.id2)
        assert "1 of 1" in browser.get("/console/faults").text
        with pytest.raises(ServiceRefusal) as refused:
            service.get_server_random(PUBLISHED.id2)
        assert refused.value.code == 54
        service.get_server_random(PUBLISHED.id2)
        browser.post("/console/faults", **{**PLAIN, "kind": "drop"})
        with pytest.raises(ServiceUnavailable):
            service.get_server_random(PUBLISHED.id2)
    assert "No fault is switched on" in browser.get("/console/faults").text
    assert "fault: code" in browser.get("/console/calls").text
    other.close()


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"kind": HOSTILE}, {"kind"}),
        ({"operation": HOSTILE}, {"operation"}),
        ({"kind": "wrong-server-code", "operation": "Verify"}, {"operation"}),
        ({"count": "0"}, {"count"}),
        ({"count": ""}, {"count"}),
        ({"count": "-1"}, {"count"}),
        ({"count": "1e3"}, {"count"}),
        ({"count": "\u0663"}, {"count"}),
        ({"after": "x"}, {"after"}),
        ({"latency_ms": "600001"}, {"latency_ms"}),
        ({"latency_ms": "9" * 5000}, {"latency_ms"}),
        ({"kind": "latency"}, {"latency_ms"}),
        ({"code": "200"}, {"code"}),
        ({"code": "9999"}, {"code"}),
        ({"kind": "", "operation": "", "count": "", "after": "", "code": "", "latency_ms": ""}, None),
    ],
)
def test_values_that_are_wrong_are_told_at_their_field(visitor, change, wrong):
    page = visitor.post("/console/faults", **{**PLAIN, **change})
    assert page.status == 422
    told = set(re.findall(r'id="(\w+)-error"', page.html))
    assert told == (set(PLAIN) if wrong is None else wrong)
    assert "<script>alert" not in page.html
    assert visitor.mock.admin.faults.active() == ()


def test_switching_needs_the_form_token(visitor):
    for path in ("faults", "faults/off", "faults/clear"):
        assert visitor.http.post(f"/console/{path}", data=PLAIN).status_code == 403
