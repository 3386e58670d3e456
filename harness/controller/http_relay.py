"""What relays with an HTTP interface have in common: one bounded request, whose answer is JSON."""

from typing import Annotated, cast

import httpx
from pydantic import Field, StringConstraints

from harness.controller.kind import Ability, ControllerContext
from harness.controller.power import PowerSwitch
from harness.errors import BenchError
from harness.settings.references import SecretReference
from harness.settings.words import Seconds, Text
from harness.transport.printable import safe_bytes, safe_text

_MAX_BODY = 64 * 1024
_SHOWN = 200

HttpAddress = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\[\]:_-]{1,250}$")]


class HttpRelay(PowerSwitch):
    """A relay in the lab's network. It is asked by its own address: no proxy and no redirection takes part."""

    address: HttpAddress = Field(description="Where it is: http://HOST or http://HOST:PORT.")
    user: Text | None = Field(default=None, description="User, when it asks for one.")
    password: SecretReference | None = Field(default=None, description="Password, by reference.")
    timeout_s: Seconds = Field(default=10.0, description="Seconds that one answer may take.")

    def references(self) -> dict[str, SecretReference]:
        """Return the password's."""
        return {} if self.password is None else {"password": self.password}

    def credentials(self, context: ControllerContext) -> tuple[str, str] | None:
        """Return user and password; None when the board file names no password.

        Raises:
            UsageError: The reference leads nowhere.
        """
        if self.password is None:
            return None
        return self.user or "admin", context.secret(self.password).reveal().decode("utf-8", errors="replace")

    def ask(
        self,
        ability: Ability,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
        auth: httpx.Auth | None = None,
    ) -> dict[str, object]:
        """Send one request and return the JSON object that is answered.

        Raises:
            BenchError: It is not reached, refuses, or answers something else. No message shows the query.
        """
        at = f"{ability}: relay {self.address}"
        try:
            with (
                httpx.Client(timeout=self.timeout_s, trust_env=False, auth=auth) as client,
                client.stream(method, f"{self.address}{path}", params=query, json=body) as answer,
            ):
                data = b""
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > _MAX_BODY:
                        break
                status = answer.status_code
        except httpx.HTTPError as error:
            raise BenchError(
                f"{at}: no answer ({safe_text(type(error).__name__)})",
                hint="is it plugged in, and its address right? open it in a browser",
            ) from None
        shown = safe_bytes(data, _SHOWN)
        if status == httpx.codes.UNAUTHORIZED:
            raise BenchError(f"{at}: refuses user and password", hint="correct `user` and `password`")
        try:
            found: object = httpx.Response(200, content=data).json()
        except ValueError:
            found = None
        if status != httpx.codes.OK or not isinstance(found, dict):
            raise BenchError(
                f"{at}: answers {status} and no state: {shown}", hint="is it the kind of relay that is named?"
            )
        return cast("dict[str, object]", found)

    def not_understood(self, ability: Ability, answer: dict[str, object]) -> BenchError:
        """Return the error for an answer that tells no state: unknown is not off."""
        return BenchError(
            f"{ability}: relay {self.address}: its answer tells no state: {safe_text(repr(answer), _SHOWN)}",
            hint="is it the kind of relay that is named, and the channel there?",
        )
