"""A shop whose rules have one of everything."""

import pytest

from tests.rules.testing.playing import SHOP, Shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    """The shop of `SHOP`."""
    return Shop.of(SHOP)
