"""The mock service over real HTTP: uvicorn in a thread, on this computer only."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from harness.errors import UsageError
from harness.service.access_key import AccessKey
from harness.service.endpoint import is_loopback
from harness.service.mock import app
from harness.service.mock.admin import Admin
from harness.service.mock.clock import Clock
from harness.service.mock.core import Core
from harness.service.mock.listening import HttpThread, listen
from harness.service.mock.settings import Settings
from harness.service.mock.store import Store

if TYPE_CHECKING:
    from harness.service.client import Call, Id2Service


class MockService:
    """The ID² service of one account; use it as a context manager.

    Attributes:
        admin: What a console would do: products, licences, devices, clock, call log.
        settings: The choices that it was made with.
    """

    def __init__(
        self,
        db: Path | None = None,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        settings: Settings | None = None,
    ) -> None:
        """Open the store; nothing listens yet.

        Args:
            db: File of the store; None keeps it in memory.
            port: 0 lets the system choose.
            host: An address of this computer.
            settings: Choices where the real cloud's are not known.

        Raises:
            UsageError: A host that is not this computer, or a store that cannot be used.
        """
        if not is_loopback(host):
            raise UsageError(
                f"the mock listens on this computer only; {host} is not an address of it",
                hint="use 127.0.0.1; from elsewhere, forward the port with ssh",
            )
        self.settings = settings or Settings()
        self._host = host
        self._port = port
        self._store = Store(db, synchronous=self.settings.synchronous)
        self._core = Core(self._store, Clock(), self.settings)
        self.admin = Admin(self._core)
        self._running: HttpThread | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._store.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Listen and answer, from now on, in a thread.

        Raises:
            BenchError: The port is taken or not allowed.
            UsageError: It was started before.
        """
        if self._running is not None:
            raise UsageError("the mock service is running already")
        self._running = HttpThread(app.build(self._core), listen(self._host, self._port))

    def close(self) -> None:
        """Stop answering and close the store; closing twice is fine."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        self._store.close()

    @property
    def endpoint(self) -> str:
        """`http://HOST:PORT`, for the client.

        Raises:
            UsageError: It is not running.
        """
        if self._running is None:
            raise UsageError("the mock service is not running; enter it with `with`")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._running.port}"

    def client(
        self,
        access_key: AccessKey | None = None,
        *,
        method: Literal["POST", "GET"] = "POST",
        timeout: float = 10.0,
        on_call: "Callable[[Call], None] | None" = None,
    ) -> "Id2Service":
        """Return a client of this service that tells time by the service's clock, wherever that is moved.

        Args:
            access_key: Who calls; by default an AccessKey with all rights.
            method: As for `Id2Service`.
            timeout: As for `Id2Service`.
            on_call: As for `Id2Service`.
        """
        from harness.service.client import Id2Service  # noqa: PLC0415 - a server alone does without httpx

        return Id2Service(
            self.endpoint,
            access_key or self.admin.default_access_key()[0],
            method=method,
            timeout=timeout,
            now=self.admin.now,
            on_call=on_call or (lambda _call: None),
        )
