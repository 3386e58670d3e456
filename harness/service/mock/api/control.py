"""AccessKeys, the clock, the call log and the fault switches."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import models
from harness.service.mock.api.answers import NOT_THERE, REFUSED, not_there
from harness.service.mock.api.models import AccessKeyInfo, AccessKeyMade, ClockTime, Fault, TemporaryKey
from harness.service.mock.faults import ActiveFault
from harness.service.mock.faults import Fault as Switch
from harness.service.mock.store.calls import CallRecord

_Number = Annotated[int, models.Field(ge=1, le=2**63 - 1)]


def router(admin: Admin) -> APIRouter:
    """Return the routes about AccessKeys, clock, calls and faults."""
    routes = APIRouter()

    @routes.get("/access-keys", tags=["access"])
    def list_access_keys() -> list[AccessKeyInfo]:
        """All AccessKeys, without their secrets."""
        return [AccessKeyInfo.model_validate(key) for key in admin.access_keys()]

    @routes.post("/access-keys", status_code=201, tags=["access"], responses=REFUSED)
    def create_access_key(wanted: models.NewAccessKey) -> AccessKeyMade:
        """Make an AccessKey; only this answer shows its secret."""
        made = admin.create_access_key(wanted.policy, account=wanted.account)
        return AccessKeyMade(
            id=made.id, secret=made.secret.reveal().decode(), policy=wanted.policy, account=wanted.account
        )

    @routes.delete("/access-keys/{key_id}", status_code=204, tags=["access"], responses=NOT_THERE)
    def delete_access_key(key_id: Annotated[str, models.Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]) -> None:
        """Delete an AccessKey."""
        if admin.access_key(key_id) is None:
            raise not_there(f"AccessKey {key_id}")
        admin.delete_access_key(key_id)

    @routes.post("/temporary-keys", status_code=201, tags=["access"], responses=REFUSED)
    def issue_temporary_key(wanted: models.NewTemporaryKey) -> TemporaryKey:
        """Make a temporary AccessKey with a security token (STS)."""
        made = admin.issue_sts(wanted.policy, lifetime_s=wanted.lifetime_s, account=wanted.account)
        return TemporaryKey(
            id=made.access_key.id,
            secret=made.access_key.secret.reveal().decode(),
            token=made.token.reveal().decode(),
            expires_ms=made.expires_ms,
        )

    @routes.get("/clock", tags=["clock"])
    def get_clock() -> ClockTime:
        """The service's time."""
        return _time(admin)

    @routes.post("/clock", tags=["clock"], responses=REFUSED)
    def move_clock(move: models.ClockMove) -> ClockTime:
        """Move the service's clock."""
        admin.move_clock(timedelta(seconds=move.move_s))
        return _time(admin)

    @routes.get("/calls", tags=["calls"])
    def read_calls(
        limit: Annotated[int, Query(ge=1, le=10_000)] = 200,
        before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
        operation: Annotated[str | None, Query(max_length=64)] = None,
        id2: Annotated[str | None, Query(max_length=64)] = None,
    ) -> list[CallRecord]:
        """The newest calls, oldest first; `before` gives those before a number."""
        return list(admin.calls(limit=limit, before=before, operation=operation, id2=id2))

    @routes.get("/faults", tags=["faults"])
    def list_faults() -> list[Fault]:
        """The fault switches that are on."""
        return [_fault(active) for active in admin.faults.active()]

    @routes.post("/faults", status_code=201, tags=["faults"], responses=REFUSED)
    def add_fault(wanted: models.NewFault) -> list[Fault]:
        """Switch a fault on, behind those that are on; answers with all of them."""
        admin.faults.add(Switch(**wanted.model_dump()))
        return [_fault(active) for active in admin.faults.active()]

    @routes.delete("/faults", status_code=204, tags=["faults"])
    def clear_faults() -> None:
        """Switch all faults off."""
        admin.faults.clear()

    @routes.delete("/faults/{number}", status_code=204, tags=["faults"], responses=NOT_THERE | REFUSED)
    def remove_fault(number: _Number) -> None:
        """Switch one fault off."""
        if number not in {active.id for active in admin.faults.active()}:
            raise not_there(f"fault {number}")
        admin.faults.remove(number)

    return routes


def _time(admin: Admin) -> ClockTime:
    return ClockTime(now_ms=round(admin.now().timestamp() * 1000))


def _fault(active: ActiveFault) -> Fault:
    return Fault(id=active.id, **asdict(active.fault), struck=active.struck, passed=active.passed)
