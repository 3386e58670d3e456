"""The vendor's table of plans: every integration pattern, carrier, platform and key type."""

from dataclasses import asdict, dataclass
from functools import cache
from itertools import product

from harness.board.models import Pattern, Plan, PlannedCarrier
from harness.board.plan import matrix
from harness.board.plan.demands import Demands, demands, notes
from harness.board.plan.guides import Guide, guide, recipes
from harness.id2.keys import KeyType

PATTERNS: dict[Pattern, str] = {
    Pattern.OWN_PLATFORM: "the manufacturer's own IoT platform authenticates the device",
    Pattern.THIRD_PARTY_SYSTEM: "somebody else's business system authenticates the device",
    Pattern.IOT_PLATFORM: "Alibaba Cloud IoT Platform authenticates the device",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One plan of the table.

    Attributes:
        plan: The choices.
        refusals: Why it cannot be; empty for one that can.
        doubts: What speaks against it, such as a carrier without a guide on the platform.
        notes: What its choices mean together.
        guide: The guide to follow.
        recipes: Addresses of the vendor's recipes from end to end.
        means: What the pattern means for the manufacturer.
        demands: What the carrier needs.
    """

    plan: Plan
    refusals: tuple[str, ...]
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    guide: Guide
    recipes: tuple[str, ...]
    means: matrix.Consequences
    demands: Demands

    @property
    def possible(self) -> bool:
        """Whether a board can follow the plan."""
        return not self.refusals

    def to_record(self) -> dict[str, object]:
        """Return the cell as plain JSON values; what belongs to one choice alone stands in the table's head."""
        plan = self.plan
        return {
            "pattern": plan.pattern.value,
            "carrier": plan.carrier.value,
            "platform": plan.platform,
            "key_type": plan.key_type.value,
            "possible": self.possible,
            "refusals": list(self.refusals),
            "doubts": list(self.doubts),
            "notes": list(self.notes),
            "guide": asdict(self.guide),
            "recipes": list(self.recipes),
        }

    def needs_record(self) -> dict[str, object]:
        """Return what the pattern and the carrier need, as plain JSON values."""
        return {**asdict(self.means), **asdict(self.demands)}


def in_words(plan: Plan) -> str:
    """Return the choices of a plan in the order of the table."""
    return f"{plan.pattern}, {plan.carrier}, {plan.platform}, {plan.key_type}"


def cell(pattern: Pattern, carrier: PlannedCarrier, platform: str, key_type: KeyType) -> Cell:
    """Return one cell of the table."""
    plan = Plan(pattern=pattern, carrier=carrier, platform=platform, key_type=key_type)
    doubts = [*matrix.undocumented(plan), *matrix.key_doubts(plan)]
    return Cell(
        plan,
        tuple(problem.text for problem in matrix.contradictions(plan)),
        tuple(problem.text for problem in doubts),
        notes(plan),
        guide(plan),
        recipes(plan),
        matrix.consequences(pattern),
        demands(carrier),
    )


@cache
def cells() -> tuple[Cell, ...]:
    """Return every cell, the impossible ones too."""
    return tuple(cell(*choices) for choices in product(Pattern, PlannedCarrier, matrix.platforms(), KeyType))


def table_record() -> dict[str, object]:
    """Return the whole table as plain JSON values."""
    return {
        "patterns": {
            pattern.value: {"meaning": PATTERNS[pattern], **asdict(matrix.consequences(pattern))}
            for pattern in Pattern
        },
        "carriers": {carrier.value: asdict(demands(carrier)) for carrier in PlannedCarrier},
        "platforms": matrix.platforms(),
        "key_types": [key_type.value for key_type in KeyType],
        "cells": [each.to_record() for each in cells()],
    }
