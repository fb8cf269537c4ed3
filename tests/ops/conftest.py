"""A clock for whoever runs the place."""

import pytest

from tests.ops.alerting import Time


@pytest.fixture
def time() -> Time:
    """Ten o'clock."""
    return Time()
