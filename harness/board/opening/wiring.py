"""How the transports of a board are made for one run: the device itself or its recording, and what goes wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from harness.board.models import BoardFile
from harness.board.opening import recorded_run
from harness.board.opening.opener import make_transport, occupies
from harness.board.opening.resolve import Resolver
from harness.errors import HarnessError, UsageError
from harness.settings import regular_file, yaml_file
from harness.settings.link_flash import LinkFlash
from harness.transport.base import Transport
from harness.transport.faults.plan import FaultPlan
from harness.transport.recording.redaction import Redaction
from harness.transport.recording.replayed import Match, Replayed, Timing
from harness.transport.recording.steps import recording_of

_NO_FAULTS: Mapping[str, FaultPlan] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded run in the place of the devices.

    Attributes:
        run: Folder of the recorded run; resolved, because `runs/latest` points elsewhere in a moment.
        match: How a request finds its answer.
        timing: When an answer comes.
    """

    run: Path
    match: Match = Match.EXACT
    timing: Timing = Timing.NONE


@dataclass(frozen=True, slots=True)
class Wiring:
    """What stands between the harness and the devices of one run.

    Attributes:
        replay: The run that is replayed; None for the devices themselves.
        faults: What goes wrong on purpose, by the transport's name.
    """

    replay: Replay | None = None
    faults: Mapping[str, FaultPlan] = field(default_factory=lambda: _NO_FAULTS)

    def check(self, board: BoardFile) -> None:
        """Check before anything is opened that a board can be run like this.

        Raises:
            UsageError: a fault plan for a transport that the board does not have, or a run that cannot be replayed.
        """
        for name in self.faults:
            if name not in board.transports:
                raise UsageError(
                    f"board {board.name}: a fault plan for the transport {name!r}; "
                    f"it has {', '.join(board.transports)}"
                )
        if self.replay is None:
            return
        if not board.service.is_mock:
            raise UsageError(
                f"board {board.name}: a run with the real service cannot be replayed: its challenges are new each time",
                hint="replay a run of a board file with `service: {endpoint: mock}`",
            )
        if board.link is not None:
            raise UsageError(
                f"board {board.name}: a run with a link cannot be replayed: what went over the network is not recorded "
                "as a transport",
                hint="replay a run of a board file without a link section",
            )
        if board.server is not None:
            raise UsageError(
                f"board {board.name}: a run with a server of the manufacturer cannot be replayed: "
                "its random values are its own",
                hint="replay a run of a board file without a server section",
            )
        recorded_run.check(self.replay.run, board)

    def look_up(self, board: BoardFile) -> None:
        """Look up what the board file names by USB, before a run begins: two that fit are a mistake of the file.

        What is not plugged in is left to the scenarios: the board may do without it, or it may come.

        Raises:
            UsageError: several adapters, ports or readers fit, or fields of a starting board file are not filled in;
                the message lists them.
        """
        if self.replay is not None:
            return
        if board.source.left:
            raise UsageError(
                f"board {board.name} is not finished: still to be filled in: {', '.join(board.source.left)}",
                hint=f"write what your board has in {board.source.path}; `harness boards check` names what is left",
            )
        for name, settings in board.transports.items():
            try:
                occupies(settings, board.folder)
            except UsageError as error:
                raise error.at(board=board.name, transport=name) from error.__cause__
            except HarnessError:
                continue

    def remarks(self) -> list[str]:
        """Return what the journal of the run should say of this: a replay, and the faults it brings along."""
        if self.replay is None:
            return []
        run = self.replay.run
        told = [f"replayed from {run.name}: no device is asked", *recorded_run.remarks(run)]
        told += [
            f"{run.name} was recorded with faults on purpose on {name}: {plan}"
            for name, plan in recorded_run.faults_of(run).items()
        ]
        return told

    def recorded_plan(self) -> recorded_run.RecordedPlan | None:
        """Return which scenarios and probes the recorded run has answers for; None for the devices themselves.

        Raises:
            HarnessError: its journal cannot be read.
        """
        return None if self.replay is None else recorded_run.plan_of(self.replay.run)

    def options(self) -> dict[str, object]:
        """Return the same for the header of a run; what is not asked for is left out."""
        found: dict[str, object] = {}
        if self.replay is not None:
            replay = self.replay
            asked: dict[str, object] = {
                "run": replay.run.name,
                "match": replay.match,
                "timing": replay.timing,
            }
            if faults := recorded_run.faults_of(replay.run):
                asked["faults"] = faults
            found["replay"] = asked
        if self.faults:
            found["faults"] = {name: str(plan) for name, plan in self.faults.items()}
        return found

    def make(
        self,
        board: BoardFile,
        name: str,
        resolver: Resolver,
        note: Callable[[str], None],
        flash: LinkFlash | None = None,
        redaction: Redaction | None = None,
    ) -> Transport:
        """Return one transport of a board, not yet opened.

        Args:
            board: The board file.
            name: Name of the transport in it.
            resolver: Finds the keys of simulated devices.
            note: Called with each event of the transport: a fault that strikes, a device that leaves and returns.
            flash: The flash of a simulated board with a link.
            redaction: What a recording of the transport does not show; nothing when left out.

        Raises:
            HarnessError: as `make_transport` and `Replayed`.
        """
        made = self._device(board, name, resolver, note, flash, redaction)
        plan = self.faults.get(name)
        if plan is None:
            return made
        from harness.transport.faults.faulty import Faulty

        return Faulty(made, plan, on_strike=lambda strike: note(str(strike)))

    def _device(
        self,
        board: BoardFile,
        name: str,
        resolver: Resolver,
        note: Callable[[str], None],
        flash: LinkFlash | None,
        redaction: Redaction | None,
    ) -> Transport:
        replay = self.replay
        if replay is not None and name in board.transports:
            recording = recording_of(replay.run, name)
            return Replayed(name, recording, match=replay.match, timing=replay.timing, redaction=redaction)
        settings = board.transports.get(name)
        # What is not in the board file `make_transport` refuses.
        if settings is None or not settings.can_be_unplugged:
            return make_transport(board, name, resolver, flash)
        from harness.transport.reconnecting import Reconnecting

        return Reconnecting(
            lambda: make_transport(board, name, resolver), limit=board.limits.replug_s, on_note=note
        )


def fault_plans(given: Iterable[str], transports: Iterable[str] = ()) -> dict[str, FaultPlan]:
    """Return the fault plans of a command line, by the transport's name.

    Args:
        given: Each `TRANSPORT=PLAN`, or `TRANSPORT=@FILE` for a plan in YAML.
        transports: Names of the transports that the board has, for hints.

    Raises:
        UsageError: names the option or the file, line and column of what is wrong.
    """
    plans: dict[str, FaultPlan] = {}
    known = tuple(transports)
    hint = f'write --fault "{next(iter(known), "chip")}=nak after=3"'
    if len(known) > 1:
        hint += f"; the board has the transports {', '.join(known)}"
    for text in given:
        name, equals, plan = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--fault {text[:60]!r}: no transport is named", hint=hint)
        if name in plans:
            raise UsageError(f"--fault {name!r}: two plans for one transport", hint="join them with ;")
        from harness.transport.faults.syntax import parse

        read = _from_file(plan[1:]) if plan.startswith("@") else parse(plan, f"--fault {name}")
        if not read.faults:
            raise UsageError(f"--fault {text[:60]!r}: the plan holds no fault", hint=hint)
        plans[name] = read
    return plans


def _from_file(file: str) -> FaultPlan:
    from harness.transport.faults.syntax import KIND, parse_yaml

    try:
        data = regular_file.read(Path(file), KIND.max_bytes)
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{file}: no such file with a fault plan") from None
    return parse_yaml(yaml_file.decode(data, file, KIND), file)
