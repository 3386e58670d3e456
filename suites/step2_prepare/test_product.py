"""Step 2: the product."""

import re

from fixtures.types import Bench, Product, Scenario


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
