"""JSON Schemas of rule files and of test files, by which editors complete, explain and check what an owner writes."""

from typing import Any

from igbot.rules.schema import answers, conditions, rule_files, test_files

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of a rule file (`rules.d/*.yaml`)."""
    return {
        "$schema": DIALECT,
        "title": "igbot rules",
        **rule_files.file(),
        "$defs": {**conditions.definitions(), **answers.definitions(), **rule_files.definitions()},
    }


def test_schema() -> dict[str, Any]:
    """The schema of a file of rule tests (`*.test.yaml`)."""
    return {
        "$schema": DIALECT,
        "title": "igbot rule tests",
        **test_files.file(),
        "$defs": test_files.definitions(),
    }
