"""Where a lab's inventory stands, and who keeps the queue of its boards."""

from abc import ABC, abstractmethod
from dataclasses import replace
from importlib.util import find_spec

from harness.board.models.lab_file import LabFile
from harness.errors import UsageError
from harness.lab.hosts import hosts_of, place_names
from harness.lab.ssh import Host


class LabBackend(ABC):
    """An inventory of hosts and boards, with a queue or without."""

    @abstractmethod
    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts, each with its boards.

        Raises:
            UsageError: There are none.
            BenchError: The inventory cannot be asked.
        """

    @abstractmethod
    def claim(self, host: Host, campaign: str) -> dict[str, object]:
        """Return what a host is to take for its boards before they run; empty for nothing.

        Args:
            host: The host, with the boards that take part.
            campaign: The campaign's name.
        """


class StaticLab(LabBackend):
    """The lab file alone: who comes first has a board, and the kernel's lock tells the others."""

    def __init__(self, lab: LabFile) -> None:
        self._lab = lab

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts of the lab file."""
        hosts = hosts_of(self._lab)
        for host in hosts:
            if not host.boards:
                raise UsageError(
                    f"{self._lab.source.path}: hosts.{host.name}: has no boards",
                    hint="list them under boards:, or describe the lab's coordinator under labgrid:",
                )
        return hosts

    def claim(self, host: Host, campaign: str) -> dict[str, object]:
        """Return nothing: there is no queue."""
        del host, campaign
        return {}


class LabgridLab(LabBackend):
    """labgrid's coordinator: its places are the boards, and whoever runs a board takes its place first."""

    def __init__(self, lab: LabFile) -> None:
        assert lab.labgrid is not None, "the lab file has a section labgrid"
        self._lab = lab
        self._labgrid = lab.labgrid
        self._places: dict[tuple[str, str], str] = {}

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts of the lab file; those without boards there have the boards of their places."""
        hosts = hosts_of(self._lab)
        self._places = place_names(hosts)
        if all(host.boards for host in hosts):
            return hosts
        from harness.lab.labgrid.coordinator import Coordinator  # noqa: PLC0415 - needs the extra `lab`

        with Coordinator(self._labgrid.coordinator, "harness") as coordinator:
            places = coordinator.places()
        of_host: dict[str, list[str]] = {}
        for place in places.values():
            for exporter in place.exporters:
                board = place.tags.get("board", place.name)
                of_host.setdefault(exporter, []).append(board)
                self._places[exporter, board] = place.name
        found = [
            host if host.boards else replace(host, boards=tuple(of_host.get(host.name, ()))) for host in hosts
        ]
        if not any(host.boards for host in found):
            raise UsageError(
                f"the coordinator at {self._labgrid.coordinator} has no place of any host of the lab",
                hint="harness lab places makes them out of the lab file; exporters are named as hosts are there",
            )
        return tuple(host for host in found if host.boards)

    def claim(self, host: Host, campaign: str) -> dict[str, object]:
        """Return the places of the boards."""
        return {
            "coordinator": self._labgrid.coordinator,
            "user": f"{host.name}/{campaign}",
            "places": {board: self._places[host.name, board] for board in host.boards},
            "wait": self._labgrid.wait_s,
        }


def coordinator_of(lab: LabFile) -> str:
    """Return HOST:PORT of the lab's coordinator.

    Raises:
        UsageError: The lab file describes none, or this harness lacks what it takes to ask one.
    """
    if lab.labgrid is None:
        raise UsageError(
            f"{lab.source.path or 'lab.yaml'}: describes no coordinator",
            hint="add labgrid: with coordinator: HOST:PORT",
        )
    if find_spec("grpc") is None:
        raise UsageError(
            "labgrid's coordinator cannot be asked: grpcio is missing", hint="pip install 'id2-harness[lab]'"
        )
    return lab.labgrid.coordinator


def backend_of(lab: LabFile) -> LabBackend:
    """Return the backend of a lab."""
    if lab.labgrid is None:
        return StaticLab(lab)
    coordinator_of(lab)
    return LabgridLab(lab)
