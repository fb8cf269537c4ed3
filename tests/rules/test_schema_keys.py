"""The schemas have the keys that the readers know, at every place."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.rules.test_schema import CASE, RULES, TESTS, read_tests
from tests.rules.writing import load

RULE = "version: 1\nrules: [{name: a, keywords: [x], reply: y, UNKNOWN}]"
KEYS = [
    ("version: 1\nUNKNOWN", ()),
    ("version: 1\ndefaults: {UNKNOWN}\nrules: [{name: a, keywords: [x], reply: y}]", ("properties", "defaults")),
    ("version: 1\nschedules: {open: {UNKNOWN}}", ("$defs", "schedule")),
    (RULE, ("$defs", "rule")),
    (RULE.replace("UNKNOWN", "when: {UNKNOWN}"), ("$defs", "when")),
    (RULE.replace("UNKNOWN", "when: {text: {UNKNOWN}}"), ("$defs", "text")),
    (RULE.replace("UNKNOWN", "not: [{is: a, UNKNOWN}]"), ("$defs", "matcher", "anyOf", 1)),
    (
        RULE.replace("UNKNOWN", "when: {schedule: {UNKNOWN}}"),
        ("$defs", "when", "properties", "schedule", "anyOf", 1),
    ),
    (RULE.replace("UNKNOWN", "when: {after: {UNKNOWN}}"), ("$defs", "when", "properties", "after")),
    (RULE.replace("UNKNOWN", "when: {customer: {UNKNOWN}}"), ("$defs", "when", "properties", "customer")),
    (
        RULE.replace("UNKNOWN", "when: {customer: {tags: {UNKNOWN}}}"),
        ("$defs", "when", "properties", "customer", "properties", "tags"),
    ),
    (RULE.replace("UNKNOWN", "limit: {UNKNOWN}"), ("$defs", "limit")),
    (RULE.replace("UNKNOWN", "test: {UNKNOWN}"), ("$defs", "rule", "properties", "test")),
    (RULE.replace("reply: y, UNKNOWN", "reply: {text: y, UNKNOWN}"), ("$defs", "reply", "anyOf", 1)),
    (
        RULE.replace("reply: y, UNKNOWN", "reply: {variants: [{text: y, UNKNOWN}]}"),
        ("$defs", "reply", "anyOf", 1, "properties", "variants", "items"),
    ),
    (
        RULE.replace("reply: y, UNKNOWN", "reply: {text: y, quick_replies: [{UNKNOWN}]}"),
        ("$defs", "reply", "anyOf", 1, "properties", "quick_replies", "items"),
    ),
    (
        RULE.replace("reply: y, UNKNOWN", "reply: {text: y, buttons: [{UNKNOWN}]}"),
        ("$defs", "reply", "anyOf", 1, "properties", "buttons", "items"),
    ),
    (
        RULE.replace("reply: y, UNKNOWN", "reply: {attach: {UNKNOWN}}"),
        ("$defs", "reply", "anyOf", 1, "properties", "attach"),
    ),
    (RULE.replace("UNKNOWN", "handoff: {UNKNOWN}"), ("$defs", "handoff", "anyOf", 1)),
    (RULE.replace("UNKNOWN", "call: {name: x, UNKNOWN}"), ("$defs", "call", "anyOf", 1)),
    (RULE.replace("UNKNOWN", "alert: {UNKNOWN}"), ("$defs", "alert")),
]
TEST_KEYS = [
    (f"UNKNOWN\n{CASE.replace(', UNKNOWN', '')}", ()),
    (CASE, ("$defs", "case")),
    (CASE.replace("UNKNOWN", "customer: {UNKNOWN}"), ("$defs", "customer")),
    (CASE.replace("rule: c}, UNKNOWN", "rule: c, UNKNOWN}"), ("$defs", "expect")),
    (CASE.replace("UNKNOWN", "history: [{UNKNOWN}]"), ("$defs", "case", "properties", "history", "items")),
    (CASE.replace("say: b", "event: {kind: image, UNKNOWN}").replace(", UNKNOWN}]", "}]"), ("$defs", "event")),
    ("cases: [{name: a, steps: [{say: b, UNKNOWN}]}]", ("$defs", "step")),
]


def keys_of(validator: Draft202012Validator, path: tuple[str | int, ...]) -> set[str]:
    """The keys that a schema knows at one place of it."""
    shape: Any = validator.schema
    for step in path:
        shape = shape[step]
    return set(shape["properties"])


def told(messages: Iterator[tuple[str, str]]) -> set[str]:
    """The keys that are named where a key is not known."""
    hint = next(hint for message, hint in messages if "qqqqqqq" in message)
    return set(hint.partition(" has: ")[2].split(", "))


@pytest.mark.parametrize(("text", "path"), KEYS, ids=[".".join(map(str, path)) for _, path in KEYS])
def test_the_schema_of_rules_has_the_keys_that_the_readers_know(text: str, path: tuple[str | int, ...]) -> None:
    """Neither fewer nor more, at every place."""
    findings = load(text.replace("UNKNOWN", "qqqqqqq: 1")).findings
    known = told((each.message, each.hint) for each in findings)
    assert known - ({"name", "fallback", "resume"} if path == ("properties", "defaults") else set()) == keys_of(
        RULES, path
    )


@pytest.mark.parametrize(("text", "path"), TEST_KEYS, ids=[".".join(map(str, path)) for _, path in TEST_KEYS])
def test_the_schema_of_tests_has_the_keys_that_the_readers_know(text: str, path: tuple[str | int, ...]) -> None:
    """Neither fewer nor more, at every place."""
    findings = read_tests(text.replace("UNKNOWN", "qqqqqqq: 1"))
    assert told((each.message, each.hint) for each in findings) == keys_of(TESTS, path)
