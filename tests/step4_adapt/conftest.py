"""Scenarios of step 4 called as functions on a simulated chip, without a run around them: milliseconds each."""

import inspect
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import yaml

from harness.board.models import BoardFile, Pin
from harness.board.plan.applies import evaluate, facts_of
from harness.chip.channel import ApduChannel
from harness.chip.ica.chip import IcaChip
from harness.chip.mtk import MtkChip
from harness.chip.observed import ObservedChannel
from harness.chip.session import ChipSession
from harness.errors import DeviceError
from harness.fixtures.catalogue import scenarios_of
from harness.fixtures.leaks import TrafficWatch
from harness.fixtures.oracle import Oracle
from harness.fixtures.requirements import load as load_requirements
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.model import ChipModel
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.catalogue import find

HAD = {"scenario", "chip", "ica", "session", "oracle", "harness_session", "bench"}
ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = load_requirements(ROOT / "suites" / "requirements.yaml")


class ModelChannel(ApduChannel):
    """Leads straight to a simulated chip; each opening is a session."""

    name = "model"

    def __init__(self, model: ChipModel) -> None:
        self._model = model
        self.open()

    def open(self) -> None:
        self._session = self._model.session()

    def close(self) -> None:
        pass

    def transmit(self, command: bytes) -> bytes:
        return self._session.process(command)


@dataclass
class Said:
    """Stands in for the scenario fixture, and keeps what is said to it."""

    notes: list[str] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, requirement: str) -> Iterator[None]:
        self.steps.append(requirement)
        yield

    def note(self, text: str) -> None:
        self.notes.append(text)

    def finding(self, defect: str, *, severity: str, title: str, detail: str) -> None:
        self.findings.append((defect, f"{severity}: {title}: {detail}"))

    def evidence(self, *args: object, **kwargs: object) -> None:
        pass

    def measure(self, *args: object, **kwargs: object) -> None:
        pass

    def progress(self, *args: object, **kwargs: object) -> None:
        pass


@dataclass
class Outcome:
    """What the scenarios said: by the name of each that failed, why; and which ran."""

    failed: dict[str, str] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    said: Said = field(default_factory=Said)


class Judge:
    """Calls every scenario of some modules that applies to a board, on one simulated chip."""

    def __init__(self, *modules: ModuleType) -> None:
        self._modules = modules

    def judge(
        self, board: dict, *, fault: str | None = None, key_known: bool = True, destructive: bool = False
    ) -> Outcome:
        board = yaml.safe_load(yaml.safe_dump(board))
        if not key_known:
            board["device"].pop("key")
        file = BoardFile.model_validate(board)
        (settings,) = board["transports"].values()
        model = chip_model(settings["device"], fault)
        watch = TrafficWatch()
        hidden: list[Secret] = []
        run = SimpleNamespace(folder=SimpleNamespace(transport=ROOT / "there is none"), hide=hidden.append)
        watch.begin(model.config.key if key_known else None, file, run)
        session = ChipSession(ObservedChannel(ModelChannel(model), watch.exchanged))
        mtk = settings["device"]["command_set"] == "mtk"
        outcome = Outcome()
        for name, function, values in self._calls(file, destructive=destructive):
            chip = MtkChip(session) if mtk else IcaChip(session)
            try:
                chip.start()
                function(**self._arguments(function, values, chip, file, model, outcome, key_known=key_known))
            except (AssertionError, DeviceError) as error:
                outcome.failed[name] = str(error)
            except pytest.skip.Exception as error:
                outcome.not_run[name] = str(error)
            outcome.ran.append(name)
            if shown := watch.look():
                outcome.failed.setdefault(name, "; ".join(shown))
        return outcome

    def _calls(
        self, file: BoardFile, *, destructive: bool
    ) -> Iterator[tuple[str, Callable[..., None], dict[str, object]]]:
        facts = facts_of(file)
        for module in self._modules:
            declared = scenarios_of(Path(module.__file__))
            for name, scenario in declared.items():
                function = getattr(module, name)
                if not self._has_all(function):
                    continue
                marks = getattr(function, "pytestmark", [])
                if not destructive and any(mark.name == "destructive" for mark in marks):
                    continue
                wanted = [REQUIREMENTS[one].applies_when for one in scenario.requirements]
                wanted += [mark.args[0] for mark in marks if mark.name == "applies"]
                if not all(evaluate(one, facts).applies for one in wanted):
                    continue
                rows = [
                    [(mark.args[0], value) for value in mark.args[1]]
                    for mark in marks
                    if mark.name == "parametrize"
                ]
                for chosen in itertools.product(*rows):
                    conditions = [mark.args[0] for _, value in chosen for mark in getattr(value, "marks", ())]
                    if all(evaluate(one, facts).applies for one in conditions):
                        values = {key: getattr(value, "values", (value,))[0] for key, value in chosen}
                        label = name + "".join(f"[{value}]" for value in values.values())
                        yield label, function, values

    @staticmethod
    def _has_all(function: Callable[..., None]) -> bool:
        """Whether a scenario gets along with what there is here."""
        wanted = set(inspect.signature(function).parameters)
        chosen = {m.args[0] for m in getattr(function, "pytestmark", []) if m.name == "parametrize"}
        return all(hasattr(inspect.getmodule(function), one) for one in wanted - chosen - HAD)

    @staticmethod
    def _arguments(
        function: Callable[..., None],
        values: dict[str, object],
        chip: IcaChip | MtkChip,
        file: BoardFile,
        model: ChipModel,
        outcome: Outcome,
        *,
        key_known: bool,
    ) -> dict[str, object]:
        config = model.config
        oracle = Oracle(config.key_type, config.id_text, config.key if key_known else None)
        draw = random.Random(7)
        inputs = SimpleNamespace(random=lambda purpose, size: draw.randbytes(size) if purpose else b"")
        harness_session = SimpleNamespace(inputs=inputs, destructive=False)
        have: dict[str, object] = {
            "scenario": outcome.said,
            "chip": chip,
            "ica": chip,
            "session": chip.session,
            "oracle": oracle,
            "harness_session": harness_session,
            "bench": FakeBench(file, chip),
            **values,
        }
        for wanted in inspect.signature(function).parameters:
            if wanted not in have:
                module = inspect.getmodule(function)
                fixture = getattr(module, wanted).__wrapped__
                have[wanted] = fixture(**{one: have[one] for one in inspect.signature(fixture).parameters})
        return {wanted: have[wanted] for wanted in inspect.signature(function).parameters}


class FakeBench:
    """What scenarios ask of the bench, for a chip that is called directly."""

    def __init__(self, file: BoardFile, chip: IcaChip | MtkChip) -> None:
        self._file, self._chip = file, chip
        self.declared_commands = frozenset(command.value for command in file.declaration.commands)

    @property
    def proprietary_commands(self) -> frozenset[bytes]:
        return frozenset(map(bytes.fromhex, self._file.declaration.proprietary))

    @property
    def documented_commands(self):
        return self._file.chip.command_set_kind.documented()

    is_card = False

    @property
    def pin_settings(self) -> Pin:
        return self._file.device.pin or Pin()

    def known_pin(self) -> bytes:
        return b"123456"

    def redact(self, secret: Secret) -> None:
        assert secret.reveal().startswith(b"\x00\x20")

    @property
    def limits(self) -> object:
        return self._file.limits

    def slowest(self, action: Callable[[], object]) -> float:
        action()
        return 0.0

    def chip_session(self) -> ChipSession:
        return self._chip.session

    def reopened_chip(self) -> IcaChip | MtkChip:
        self._chip.session.channel.open()
        self._chip.start()
        return self._chip


def chip_model(device: dict, fault: str | None) -> ChipModel:
    key_type = KeyType.parse(device["key_type"])
    return make_chip(
        ChipConfig(
            device["command_set"],
            device["id"],
            Key.parse(key_type, device["key"]["test_key"]),
            answers=AnswerStyle(device.get("answers", "direct")),
            random=SeededRandom(3),
            fault=find(fault) if fault else None,
        )
    )


KEYS = {
    "3des-112": "8F23C1A45B6E97D01C4AE38275FB60D9",
    "3des-168": "8F23C1A45B6E97D01C4AE38275FB60D93B57C80E42D16FA9",
    "aes-128": "5C1F08B3E6A92D7440FB83C617DA95E2",
    "aes-192": "5C1F08B3E6A92D7440FB83C617DA95E2718C3E0FA4D26B95",
    "aes-256": "5C1F08B3E6A92D7440FB83C617DA95E2718C3E0FA4D26B950B9EC7431DE8F562",
    "sm4-128": "E89731A5A5D7F12E316EBD7BB9110F56",
}
ID = "00DBBC60A12BC016BA187800"
PIN = {"tries": 3, "value": {"simulated": "chip"}}


def board_of(key_type: str = "aes-128", command_set: str = "ica", answers: str = "direct") -> dict:
    """Return a board file whose chip is simulated and has no published key."""
    family = {"3": "des", "a": "aes", "s": "sm4"}[key_type[0]]
    option = "3des" if family == "des" else family
    declaration = {"algorithms": [f"{family}-ecb"]}
    if command_set == "ica":
        declaration = {
            "algorithms": [f"{family}-{mode}" for mode in ("ecb", "cbc", "mac-m1", "mac-m2")],
            "commands": ["get-vendor-info", "get-challenge", "compute-digest", "symmetric-mac", "pin"],
            "options": [option, "sha-1", "sha-224", "sha-256", "sha-384", "sha-512", "sm3"],
        }
    return {
        "version": 1,
        "name": "direct",
        "plan": {
            "pattern": "own-platform",
            "carrier": "se",
            "platform": "third-party-os",
            "key_type": key_type,
        },
        "transports": {
            "chip": {
                "kind": "simulated-serial",
                "device": {
                    "command_set": command_set,
                    "key_type": key_type,
                    "id": ID,
                    "key": {"test_key": KEYS[key_type]},
                    "answers": answers,
                },
            }
        },
        "chip": {"transport": "chip", "framing": "hex-line", "command_set": command_set},
        "device": {"serial_number": "D-1", "id": ID, "key": {"simulated": "chip"}, "pin": PIN, "spare": True},
        "declaration": declaration,
    }
