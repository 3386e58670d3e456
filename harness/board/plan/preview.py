"""What would run on a board, found before anything is touched."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.board.models import BoardFile
from harness.board.opening.resolve import Resolver
from harness.board.plan import matrix as plan_matrix
from harness.board.plan.facts import Facts, facts_of
from harness.board.plan.needs import needs
from harness.carrier.kind import CarrierKind
from harness.controller.kind import Ability, Controller
from harness.errors import UsageError
from harness.kinds import asking
from harness.probe.linking import LINK_THE_PROBE


@dataclass(frozen=True, slots=True)
class TransportLine:
    """One transport of the board.

    Attributes:
        name: Its name.
        kind: Its kind.
        place: Where it leads, e.g. `/dev/i2c-1, address 0x71`.
        used_by: The part that uses it; empty for none.
        needed: What that part needs of it.
        supplied: What it supplies.
        note: What stands out, e.g. that the device is not there now; empty for nothing.
    """

    name: str
    kind: str
    place: str
    used_by: str
    needed: tuple[str, ...]
    supplied: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class PlannedScenario:
    """One scenario, as the suites plan it for the board.

    Attributes:
        step: Onboarding step, a folder of the suites.
        title: One sentence.
        requirements: Ids that it checks.
        not_applicable: Why it does not apply; empty when it does.
        left_out: Which option leaves it out of a smaller plan; empty when none does.
    """

    step: str
    title: str
    requirements: tuple[str, ...]
    not_applicable: str = ""
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known of a run before it starts.

    Attributes:
        board: The board file.
        plan: The plan in words, name and value.
        transports: The transports, with what they need and supply.
        secrets: Each reference to a key or secret, and whether it leads somewhere now.
        facts: The facts that decide which requirements apply.
    """

    board: BoardFile
    plan: tuple[tuple[str, str], ...]
    transports: tuple[TransportLine, ...]
    secrets: tuple[tuple[str, str], ...]
    facts: Facts

    def to_record(self) -> dict[str, object]:
        """Return the preview as plain JSON values."""
        return {
            "board": self.board.as_used(),
            "plan": dict(self.plan),
            "transports": [
                {
                    "name": line.name,
                    "kind": line.kind,
                    "place": line.place,
                    "used_by": line.used_by,
                    "needed": list(line.needed),
                    "supplied": list(line.supplied),
                    "note": line.note,
                }
                for line in self.transports
            ],
            "secrets": dict(self.secrets),
            "facts": self.facts.lines(),
            "warnings": list(self.board.warnings),
        }


def preview(board: BoardFile, environment: Mapping[str, str] | None = None) -> Preview:
    """Return what is known of a run on `board`. Opens no transport and no connection.

    Args:
        board: A loaded board file; its needs are met, or it would not have loaded.
        environment: Where `env` references are looked up; the process's own when left out.
    """
    return Preview(board, _plan(board), _transports(board), _secrets(board, environment), facts_of(board))


def _plan(board: BoardFile) -> tuple[tuple[str, str], ...]:
    plan = board.plan
    means = plan_matrix.consequences(plan.pattern)
    return (
        ("pattern", plan.pattern.value),
        ("carrier", plan.carrier.value),
        ("platform", plan.platform),
        ("key type", plan.key_type.value),
        ("product created in", f"{means.console} ({means.wizard})"),
        ("server development", "yes" if means.server_development else "no"),
        ("service", board.service.endpoint),
        *((("client API", _carrier(board.carrier)),) if board.carrier else ()),
        *_link(board),
        *((f"controller {name}", _controller(name, one)) for name, one in board.controllers.items()),
        *_server(board),
    )


def _link(board: BoardFile) -> tuple[tuple[str, str], ...]:
    link = board.link
    if link is None:
        return ()
    where = f"{link.listen}, {'a free port' if link.port == 0 else f'port {link.port}'}"
    return (("link", f"{', '.join(link.offers) or 'a handshake'}; the harness waits on {where}"),)


def _carrier(carrier: CarrierKind) -> str:
    with asking(carrier, f"carrier kind {carrier.kind!r} cannot be shown"):
        return carrier.place()


def _controller(name: str, controller: Controller) -> str:
    with asking(controller, f"controller {name} cannot be shown"):
        able = (ability.value for ability in Ability if ability in controller.abilities())
        return f"{controller.place()}: {', '.join(able)}"


def _server(board: BoardFile) -> tuple[tuple[str, str], ...]:
    server = board.server
    if server is None:
        return ()
    began = "runs already" if server.start is None else f"started as {shlex.join(server.start.command)}"
    trigger = server.trigger
    told = f"{trigger.method} {trigger.url}" if trigger.command is None else shlex.join(trigger.command)
    return (
        ("server", f"{began}; judged against the mock"),
        ("server uses", ", ".join(server.uses)),
        ("server trigger", told),
    )


def _transports(board: BoardFile) -> tuple[TransportLine, ...]:
    by_transport = {need.transport: need for need in needs(board)}
    lines = []
    for name, settings in board.transports.items():
        need = by_transport.get(name)
        with asking(settings, f"transport {name} cannot be shown"):
            line = TransportLine(
                name=name,
                kind=settings.kind,
                place=settings.place(),
                used_by=need.part if need else "",
                needed=tuple(sorted(need.capabilities)) if need else (),
                supplied=tuple(sorted(settings.supplies())),
                note=settings.remark(board.folder),
            )
        lines.append(line)
    return tuple(lines)


def _secrets(board: BoardFile, environment: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    resolver = Resolver(board, environment)
    found: list[tuple[str, str]] = []
    key = board.device.key
    if key is not None:
        found.append(("device.key", _state(resolver.device_key)))
    if board.device.pin is not None and board.device.pin.value is not None:
        found.append(("device.pin.value", _state(resolver.pin)))
    access = board.service.access_key
    if access is not None and access.chain is not None:
        found.append(("service.access_key", "the cloud's own chain, looked up when the run starts"))
    if access is not None and access.id is not None and access.secret is not None:
        for field, reference in (("id", access.id), ("secret", access.secret)):
            name = f"service.access_key.{field}"
            found.append(
                (name, _state(lambda reference=reference, name=name: resolver.secret(reference, name)))
            )
    ours = board.server.access_key if board.server else None
    if ours is not None:
        for field, reference in (("id", ours.id), ("secret", ours.secret)):
            name = f"server.access_key.{field}"
            found.append(
                (name, _state(lambda reference=reference, name=name: resolver.secret(reference, name)))
            )
    login = board.console.login if board.console else None
    password = login.password if login else None
    if password is not None:
        found.append(
            ("console.login.password", _state(lambda: resolver.secret(password, "console.login.password")))
        )
    secret = board.service.product.product_secret
    if secret is not None:
        name = "service.product.product_secret"
        found.append((name, _state(lambda: resolver.secret(secret, name))))
    return tuple(found)


def _state(resolve: object) -> str:
    assert callable(resolve)
    try:
        resolve()
    except UsageError as error:
        return error.message
    return "found"


def as_text(shown: Preview, scenarios: Sequence[PlannedScenario] = ()) -> str:
    """Return the preview as lines for a terminal, the scenarios grouped by step."""
    board = shown.board
    lines = [f"board {board.name}" + (f": {board.description}" if board.description else "")]
    if board.source.path:
        lines.append(f"file  {board.source.path}, sha256 {board.sha256[:16]}…")
    left_out = [one for one in scenarios if one.left_out and not one.not_applicable]
    lines += [f"left out by {one.left_out}: {one.title}" for one in left_out]
    lines += ["", "plan", *_columns(shown.plan)]
    lines += ["", "transports"]
    for line in shown.transports:
        lines.append(f"  {line.name}: {line.kind}, {line.place}" + (f" ({line.note})" if line.note else ""))
        if line.used_by:
            lines.append(
                f"    {line.used_by} needs {', '.join(line.needed)}; supplied {', '.join(line.supplied)}"
            )
        else:
            lines.append("    used by no part of the board")
    if shown.secrets:
        lines += ["", "keys and secrets", *_columns(shown.secrets)]
    lines += ["", "facts", f"  {', '.join(shown.facts.lines())}"]
    if scenarios:
        lines += ["", *_scenario_lines(scenarios)]
    if board.warnings:
        lines += ["", "warnings", *(f"  {warning}" for warning in board.warnings)]
    return "\n".join(lines)


def _scenario_lines(scenarios: Sequence[PlannedScenario]) -> list[str]:
    other = sum(bool(scenario.not_applicable) for scenario in scenarios)
    out = sum(bool(scenario.left_out) and not scenario.not_applicable for scenario in scenarios)
    lines = [f"scenarios: {len(scenarios) - other - out} would run, {other} do not apply"]
    lines[0] += f", {out} left out" if out else ""
    if waiting := sum(LINK_THE_PROBE in scenario.not_applicable for scenario in scenarios):
        lines.append(
            f"  {waiting} of those that do not apply {'needs' if waiting == 1 else 'need'} a probe in the firmware; "
            f"{LINK_THE_PROBE}"
        )
    step = ""
    for scenario in scenarios:
        if scenario.step != step:
            step = scenario.step
            lines.append(f"  {step}")
        mark = "-" if scenario.not_applicable or scenario.left_out else "+"
        lines.append(f"    {mark} {scenario.title} [{', '.join(scenario.requirements)}]")
        if scenario.not_applicable:
            lines.append(f"        not applicable: {scenario.not_applicable}")
        elif scenario.left_out:
            lines.append(f"        left out by {scenario.left_out}")
    return lines


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]
