"""labgrid's coordinator: inventory and queue of a lab. It is asked, and never believed: kernel locks keep runs apart.

It knows no authentication and takes any name as the user's (labgrid 26.0), so it listens on the loopback of its host,
and is reached from elsewhere by ssh alone. A place that is acquired stays so when its user is gone, and is forgotten
when the coordinator starts anew; acquiring one whose exporter is gone succeeds with nothing in it.
"""

import queue
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc

from harness.errors import BenchError
from harness.lab.labgrid.schema import SERVICE, message, message_class

DEADLINE_S = 30.0
"""Seconds that a call may take: a hung exporter holds every call up for ten."""

RESOURCE = "HarnessBoard"
"""The class of the one resource that an exporter offers for each board."""

_VERSION = "26.0"
_CONNECT_S = 5.0
_OPTIONS = (
    # Users are told apart by their connection, so each needs one of its own.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 15_000),
    ("grpc.http2.max_pings_without_data", 0),
)


class CoordinatorGoneError(BenchError):
    """The coordinator does not answer."""


class RefusedError(BenchError):
    """The coordinator refuses what was asked."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the coordinator tells of it.

    Attributes:
        name: Its name.
        acquired: Who has it; empty for nobody.
        resources: What was acquired with it.
        tags: Its tags.
        exporters: Names of the exporters whose resources it takes.
        changed: When it was changed last, seconds since 1970.
    """

    name: str
    acquired: str = ""
    resources: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    exporters: tuple[str, ...] = ()
    changed: float = 0.0


class Coordinator:
    """A connection to the coordinator as one user.

    Args:
        address: HOST:PORT.
        user: Who asks, as others will see it.

    Raises:
        CoordinatorGoneError: It cannot be reached.
    """

    def __init__(self, address: str, user: str) -> None:
        self.address = address
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._out: queue.Queue[Any] = queue.Queue()
        try:
            stream = self._channel.stream_stream(
                f"{SERVICE}ClientStream",
                request_serializer=lambda one: one.SerializeToString(),
                response_deserializer=message_class("ClientOutMessage").FromString,
            )
            grpc.channel_ready_future(self._channel).result(timeout=_CONNECT_S)
            name = f"{socket.gethostname()}/{user}" if "/" not in user else user
            self._out.put(
                message("ClientInMessage", startup=message("StartupDone", version=_VERSION, name=name))
            )
            self._out.put(message("ClientInMessage", sync=message("Sync", id=1)))
            self._in = stream(iter(self._out.get, None))
            # Answered when it has taken the name: a call that comes before is refused.
            next(iter(self._in))
        except (grpc.RpcError, grpc.FutureTimeoutError, StopIteration) as error:
            self._channel.close()
            raise self._gone(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._out.put(None)
        with suppress(grpc.RpcError):
            self._in.cancel()
        self._channel.close()

    def places(self) -> dict[str, Place]:
        """Return all places by name.

        Raises:
            CoordinatorGoneError: It does not answer.
        """
        answer = self._call("GetPlaces", message("GetPlacesRequest"), "GetPlacesResponse")
        return {one.name: _place(one) for one in answer.places}

    def acquire(self, place: str) -> None:
        """Take a place, with something in it.

        Raises:
            RefusedError: Somebody has it, there is none of the name, or nothing is behind it.
            CoordinatorGoneError: The coordinator does not answer.
        """
        self._call("AcquirePlace", message("AcquirePlaceRequest", placename=place))
        taken = self.places().get(place)
        if taken is None or not taken.resources:
            if taken is not None and taken.acquired:
                self.release(place, taken.acquired)
            raise RefusedError(
                f"place {place} has nothing behind it: its exporter is gone, or its pattern fits nothing"
            )

    def release(self, place: str, user: str) -> None:
        """Give a place up if this user has it.

        Raises:
            RefusedError: There is no such place.
            CoordinatorGoneError: The coordinator does not answer.
        """
        self._call("ReleasePlace", message("ReleasePlaceRequest", placename=place, fromuser=user))

    def add(self, place: str, pattern: str, tags: dict[str, str]) -> None:
        """Make a place that takes the resources of a pattern.

        Raises:
            RefusedError: There is one of the name.
            CoordinatorGoneError: The coordinator does not answer.
        """
        self._call("AddPlace", message("AddPlaceRequest", name=place))
        self._call("AddPlaceMatch", message("AddPlaceMatchRequest", placename=place, pattern=pattern))
        self._call("SetPlaceTags", message("SetPlaceTagsRequest", placename=place, tags=tags))

    def _call(self, name: str, request: Any, answer: str = "Nothing") -> Any:
        if not self._in.is_active():
            # It went and came back meanwhile, and knows neither us nor what we hold.
            raise self._gone(None)
        call = self._channel.unary_unary(
            f"{SERVICE}{name}",
            request_serializer=lambda one: one.SerializeToString(),
            response_deserializer=message_class(answer).FromString,
        )
        try:
            return call(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            if error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                raise self._gone(error) from None
            raise RefusedError(str(error.details())[:400]) from None

    def _gone(self, error: Exception | None) -> CoordinatorGoneError:
        why = str(error.details())[:200] if isinstance(error, grpc.Call) else "no connection"
        return CoordinatorGoneError(
            f"the lab's coordinator at {self.address} does not answer: {why}",
            hint="look whether labgrid-coordinator runs there, and the ssh forward to it",
        )


def _place(told: Any) -> Place:
    return Place(
        told.name,
        told.acquired,
        tuple(told.acquired_resources),
        dict(told.tags),
        tuple(one.exporter for one in told.matches),
        told.changed,
    )
