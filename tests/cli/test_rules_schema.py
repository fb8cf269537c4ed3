"""`igbot rules schema`: what editors complete and check by knows every key that the readers know."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from igbot.rules.testing.expecting import _READERS
from igbot.rules.testing.persons import PERSON_KEYS
from igbot.rules.testing.reading import FILE_KEYS
from igbot.rules.testing.reading_cases import CASE_KEYS, STEP_KEYS
from tests.cli.rules_folder import command


@pytest.mark.parametrize("arguments", [(), ("--tests",)])
def test_a_schema_is_printed_that_is_one(arguments: tuple[str, ...]) -> None:
    """Of rules, and of their tests."""
    result = command("schema", *arguments)
    assert result.exit_code == 0
    Draft202012Validator.check_schema(json.loads(result.stdout))


def test_the_schema_of_tests_has_every_key_that_tests_may_have() -> None:
    """Or an editor would mark as wrong what is right."""
    keys = set(_keys(json.loads(command("schema", "--tests").stdout)))
    known = {*FILE_KEYS, *CASE_KEYS, *STEP_KEYS, *PERSON_KEYS, *_READERS}
    assert known - keys == set()


def _keys(shape: Any) -> Iterator[str]:
    if isinstance(shape, dict):
        yield from shape.get("properties", {})
        for inner in shape.values():
            yield from _keys(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from _keys(inner)
