"""Step 2: the product."""

import re

import pytest

from harness.fixtures.types import Bench, Product, RealCloud, Scenario


@pytest.mark.needs_mock("it creates the product")
def test_product_is_created(scenario: Scenario, bench: Bench, product: Product) -> None:
    """The product exists in the right console, with the plan's algorithm."""
    with scenario.step("PREP-01"):
        assert product.console == bench.console_of_pattern
        assert re.fullmatch(r"a1[A-Za-z0-9]{9}", product.product_key), (
            "a ProductKey is a1 and nine characters"
        )
        assert re.fullmatch(r"[ix][12].{30,}", product.product_secret.reveal().decode()), (
            "not the form of a ProductSecret"
        )
    with scenario.step("PREP-02"):
        assert product.algorithm == bench.key_type


def test_product_stands_in_console(
    scenario: Scenario, bench: Bench, product_of_board: Product, operator: RealCloud
) -> None:
    """The product of the board file stands in the vendor's console, with the plan's algorithm."""
    product_key, algorithm = operator.look_up(product_of_board)
    with scenario.step("PREP-03"):
        assert product_key == product_of_board.product_key, (
            f"the console shows ProductKey {product_key}, the board file says {product_of_board.product_key}"
        )
    with scenario.step("PREP-02"):
        assert algorithm == bench.key_type, f"the console shows {algorithm}, the plan is {bench.key_type}"
