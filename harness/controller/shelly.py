"""A relay of Shelly, by HTTP: the first generation has one resource for each relay, later ones take calls on /rpc."""

from typing import Literal

import httpx
from pydantic import Field

from harness.controller.http_relay import HttpRelay
from harness.controller.kind import Ability, ControllerContext


class Shelly(HttpRelay):
    """A relay of Shelly."""

    kind: Literal["shelly"] = Field(description="A relay of Shelly, by HTTP.")
    generation: int = Field(
        ge=1,
        le=2,
        description="1 for devices with `/relay/N`; 2 for those with `/rpc`, which later generations have too.",
    )
    relay: int = Field(
        default=0, ge=0, le=15, description="Number of the relay on the device; the first is 0."
    )

    def occupies(self) -> tuple[str, ...]:
        """Return the relay."""
        return (f"shelly {self.address} relay {self.relay}",)

    def place(self) -> str:
        """Return the relay."""
        return f"Shelly {self.address} relay {self.relay}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Switch the relay; its answer is not relied on, as that of the second generation tells the state before."""
        on = ability is Ability.POWER_ON
        if self.generation == 1:
            self._first(ability, context, {"turn": "on" if on else "off"})
        else:
            self._call(ability, context, "Switch.Set", {"id": self.relay, "on": on})

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return what the relay says of itself.

        Raises:
            BenchError: It says nothing of its state.
        """
        if self.generation == 1:
            answer = self._first(ability, context, None)
            state = answer.get("ison")
        else:
            answer = self._call(ability, context, "Switch.GetStatus", {"id": self.relay})
            result = answer.get("result")
            state = result.get("output") if isinstance(result, dict) else None
        if not isinstance(state, bool):
            raise self.not_understood(ability, answer)
        return state

    def _first(
        self, ability: Ability, context: ControllerContext, query: dict[str, str] | None
    ) -> dict[str, object]:
        known = self.credentials(context)
        auth = None if known is None else httpx.BasicAuth(*known)
        method = "GET" if query is None else "POST"
        return self.ask(ability, method, f"/relay/{self.relay}", query=query, auth=auth)

    def _call(
        self, ability: Ability, context: ControllerContext, method: str, params: dict[str, object]
    ) -> dict[str, object]:
        known = self.credentials(context)
        auth = None if known is None else httpx.DigestAuth(*known)
        body = {"id": 1, "method": method, "params": params}
        answer = self.ask(ability, "POST", "/rpc", body=body, auth=auth)
        if "error" in answer:
            raise self.not_understood(ability, answer)
        return answer
