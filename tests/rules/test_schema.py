"""The schemas say what the readers say: the same keys, what loads passes, what is refused fails."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from igbot.rules import schema as schemas
from igbot.rules.model import Finding, RuleFile
from igbot.rules.reading.source import Report
from igbot.rules.reading.strict_yaml import read_yaml
from igbot.rules.testing.json_values import json_of
from igbot.rules.testing.reading import read_cases
from tests.rules.writing import load, with_rules

ROOT = Path(__file__).parents[2]
RULES = Draft202012Validator(schemas.schema())
TESTS = Draft202012Validator(schemas.test_schema())
SHARED = {
    Path("docs/rules.schema.json"): schemas.schema(),
    Path("docs/rules-test.schema.json"): schemas.test_schema(),
}


def value(text: str) -> Any:
    """The JSON that an editor sees in a YAML file."""
    _, root = read_yaml("1.yaml", text.encode(), Report())
    assert root is not None
    return json_of(root)


def shapes(shape: Any) -> Iterator[dict[str, Any]]:
    """Every shape within a schema."""
    if isinstance(shape, dict):
        yield shape
        for inner in shape.values():
            yield from shapes(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from shapes(inner)


@pytest.mark.parametrize("given", [schemas.schema(), schemas.test_schema()], ids=["rules", "tests"])
def test_every_key_is_explained(given: dict[str, Any]) -> None:
    """An editor shows the description; what is referred to exists."""
    Draft202012Validator.check_schema(given)
    for shape in shapes(given):
        for key, inner in shape.get("properties", {}).items() if isinstance(shape.get("properties"), dict) else ():
            if inner is not False and inner != {"const": True}:
                explained = (
                    inner.get("description") or given["$defs"][inner["$ref"].removeprefix("#/$defs/")]["description"]
                )
                assert len(explained) > 5, key
        if "$ref" in shape:
            assert shape["$ref"].removeprefix("#/$defs/") in given["$defs"]


@pytest.mark.parametrize("path", SHARED, ids=str)
def test_the_files_that_editors_read_are_up_to_date(path: Path) -> None:
    """Written anew by `igbot rules schema` whenever the language grows."""
    assert json.loads((ROOT / path).read_text(encoding="utf-8")) == SHARED[path]


def test_the_shipped_rules_and_their_tests_fit() -> None:
    """What an owner opens first shows no red lines, and names its schema."""
    rules, tests = sorted(ROOT.glob("rules.d/*.yaml")), sorted(ROOT.glob("rules.d/**/*.test.yaml"))
    assert rules
    assert tests
    for validator, files in ((RULES, rules), (TESTS, tests)):
        for file in files:
            text = file.read_text(encoding="utf-8")
            assert [error.message for error in validator.iter_errors(value(text))] == [], file
            first = text.splitlines()[0]
            assert first.startswith("# yaml-language-server: $schema=")
            assert (file.parent / first.partition("=")[2]).resolve().relative_to(ROOT) in SHARED


HEAD = """
accounts: [shop]
timezone: Europe/Madrid
vars: {shop: {name: Lola, site: "https://lola.example", days: "30"}}
schedules:
  open: {mon-fri: ["09:00-14:00", "16:00-24:00"], sat: ["20:00-02:00"], sun: [], closed_on: ["2026-12-25"]}
  extra: {mon: ["09:00-10:00"], open_on: {"2026-12-24": ["10:00-12:00"]}}
  fri-mon: {fri-mon: ["9:00 - 10:30"], open_on: [2026-12-26]}
lists: {l: [x, {contains: €}], größe_2: [{is: y}]}
replies: {hello: Hi, more: {text: {en: a, pt-BR: b}}}
defaults: {cooldown: 0s, kinds: [text]}
"""

VALID = [
    "keywords: [a, two words, {is: b}, {word: c}, {starts: d}, {ends: e}, {contains: f}, {list: l}]",
    "keywords: [{word: a, near: b}, {word: a, near: [b, c], within: 4}, {fuzzy: discount, distance: 2}]",
    "keywords: [{regex: 'a+', raw: true}, {similar: any offers now, min: 90}], match: all, not: [x]",
    "payload: 'A*', kinds: [quick_reply, postback, any]",
    "payload: [A, B], kinds: [postback]",
    "when: {text: {all: [{list: l}, {any: [a, {none: [b]}]}], min_words: 2, question: true}}",
    "when: {text: {max_words: 3, min_chars: 1, has_link: false, has_email: true, has_phone: true, has_number: true}}",
    "when: {kinds: [reaction], emoji: ['❤️'], story: '1', post: [p, q], ad: [r]}",
    "when: {schedule: open, first_message: false, idle_for: '>= 7d', turn: '== 3', test: true}",
    "when: {schedule: {not: open}, after: {rule: r, within: 5m}}",
    "when: {customer: {tags: {any: [vip], none: [bad]}, lang: [en, es], follows: true, username: ana, set: {size: m}}}",
    "when: {any: [{first_message: true}, {none: [{turn: '> 1'}]}], all: [{test: false}]}",
    "keywords: [a], label: A, about: why, enabled: false, priority: -1000, on_tie: ask, from: 2026-11-27",
    "keywords: [a], from: '2026-11-27 09:00', until: '2026-11-30T20:00:00+01:00'",
    "keywords: [a], limit: {times: 2, within: 7d, per: all, then: silent}, once: true",
    "keywords: [a], settle: 3s, delay: 2s, typing: true",
    "keywords: [a], limit: {within: 1d}, test: {yes: [a], no: [b]}",
    "observe: true, keywords: [a], tag: [t], untag: [u], set: {size: '{{ match.keyword }}'}, alert: {level: info}",
    "fallback: true, kinds: [text, image], limit: {times: 1, within: 12h, then: handoff}",
]
ANSWERS = [
    "reply: a",
    "reply: [a, {text: b}, {use: hello}]",
    "reply: {text: {en: a, es: b}, quick_replies: [{title: T, payload: A1}], split: never}",
    "reply: {variants: [{text: a, weight: 2, name: n}, {text: {en: b}}], buttons: [{title: T, url: 'https://a.example'}]}",
    "reply: {text: a, buttons: [{title: T, payload: A1}, {title: U, url: '{{ shop.site }}/x'}]}",
    "reply: {attach: {image: 'https://a.example/b.png'}}",
    "handoff: true",
    "handoff: {pause: 12h, notify: owner, note: n, say_open: a, say_closed: {en: b}}",
    "handoff: {notify: [owner, other], say: a}",
    "call: orders, reply: a",
    "call: {name: orders, send: {n: '{{ message.text }}'}, save: o, timeout: 5s, retry: 0, on_error: ignore}, reply: a",
    "alert: {level: critical, channel: owner, text: t}, reply: a",
]


def _rules(body: str) -> str:
    others = (
        "- {name: r, keywords: [r], reply: {text: r, quick_replies: [{title: t, payload: A}, {title: u, payload: B}]}}"
    )
    return with_rules(f"- {{name: a, {body}}}\n{others}", HEAD)


@pytest.mark.parametrize("body", [f"{each}, reply: a" if "observe" not in each else each for each in VALID])
def test_conditions_that_load_fit_the_schema(body: str) -> None:
    """Each kind of condition."""
    _agree(_rules(body), fits=True)


@pytest.mark.parametrize("body", [f"keywords: [k], {each}" for each in ANSWERS])
def test_answers_that_load_fit_the_schema(body: str) -> None:
    """Each kind of answer."""
    _agree(_rules(body), fits=True)


@pytest.mark.parametrize("text", ["version: 1", "version: 1\nrules:\n", "version: 1\nrules: []\n"])
def test_a_file_without_rules_fits(text: str) -> None:
    """As one does that is only begun."""
    _agree(text, fits=True)


@pytest.mark.parametrize(
    "body",
    [
        "keyword: [a]",
        "keywords: a",
        "keywords: []",
        "keywords: [24]",
        "keywords: [true]",
        "keywords: [{fuzzy: discount, min: 3}]",
        "keywords: [{is: a, word: b}]",
        "keywords: [{word: a, within: 3}]",
        "match: all",
        "keywords: [a], match: both",
        "keywords: [a], kinds: [txt]",
        "keywords: [a], priority: high",
        "keywords: [a], priority: 1001",
        "keywords: [a], cooldown: 5",
        "keywords: [a], cooldown: soon",
        "keywords: [a], limit: {then: next}",
        "keywords: [a], once: 'true'",
        "keywords: [a], from: tomorrow",
        "keywords: [a], settle: [3s]",
        "when: {text: [a]}",
        "when: {}",
        "when: {turn: 3}",
        "when: {schedule: {is: open}}",
        "when: {after: {within: 3m}}",
        "when: {customer: {tags: [vip]}}",
        "keywords: [a], reply: {quick_replies: [{title: T, payload: P}]}",
        "keywords: [a], reply: {text: a, quick_replies: [{title: T}]}",
        "keywords: [a], reply: {text: a, buttons: [{title: T, url: 'http://a.example'}]}",
        "keywords: [a], reply: {text: a, buttons: [{title: T, url: 'https://a.example', payload: P}]}",
        "keywords: [a], reply: {attach: {picture: 'https://a.example'}}",
        "keywords: [a], handoff: yes",
        "keywords: [a], handoff: {pause: 12}",
        "keywords: [a], call: {save: o}",
        "keywords: [a], tag: vip",
        "keywords: [a], tag: [VIP]",
        "keywords: [a], alert: {level: high}",
        "keywords: [a], flow: order",
        "keywords: [a], ai: {sources: [faq]}",
        "fallback: true, keywords: [a]",
    ],
)
def test_typical_mistakes_do_not_fit(body: str) -> None:
    """The editor shows them before lint does."""
    _agree(_rules(body if "reply" in body else f"{body}, reply: b"), fits=False)


@pytest.mark.parametrize(
    "text",
    [
        "rules: []",
        "version: 2",
        "version: '1'",
        "version: 1\nrule: []",
        "version: 1\nflows: []",
        "version: 1\nvars: {shop: {a-b: c}}",
        "version: 1\nvars: {shop: lola}",
        'version: 1\nschedules: {open: {monday: ["09:00-10:00"]}}',
        "version: 1\nschedules: {open: {mon: 09:00-10:00}}",
        "version: 1\nlists: {l: x}",
        "version: 1\nlists: {a b: [x]}",
        "version: 1\nrules: {a: b}",
        "version: 1\nrules: [a]",
        "version: 1\ndefaults: {name: a}\nrules: [{name: b, keywords: [x], reply: y}]",
    ],
)
def test_mistakes_in_the_file_itself_do_not_fit(text: str) -> None:
    """Names, hours, what is not built."""
    _agree(text, fits=False)


def _agree(text: str, *, fits: bool) -> None:
    refused = [finding.message for finding in load(text).findings if finding.severity == "error"]
    invalid = [f"{error.json_path} {error.message[:200]}" for error in RULES.iter_errors(value(text))]
    assert bool(refused) is not fits, refused
    assert bool(invalid) is not fits, invalid


CASE = "cases: [{name: a, say: b, expect: {rule: c}, UNKNOWN}]"


def read_tests(text: str) -> list[Finding]:
    """What the reader of tests finds."""
    report = Report()
    read_cases(RuleFile("a.test.yaml", text.encode()), report, zone=ZoneInfo("UTC"), beside=lambda _: None)
    return report.findings


@pytest.mark.parametrize(
    ("fits", "text"),
    [
        (True, 'rules: ["../a.yaml"]\nnow: "2026-11-24T11:00:00+01:00"\nai: off\n' + CASE.replace(", UNKNOWN", "")),
        (True, CASE.replace("UNKNOWN", 'history: [{customer: hi, at: "-30h"}, {bot: a, at: "-1d2h", rule: r}]')),
        (True, CASE.replace("UNKNOWN", "stub: {orders: {status: sent}, other: fails}, skip: why, only: true")),
        (True, 'cases: [{name: a, steps: [{say: x, at: "+0s"}, {owner_says: y, at: "+5m"}, {tick: owner_resume}]}]'),
        (True, "cases: [{name: a, table: [[x, r], [y, s]]}, {name: b, todo: later}]"),
        (True, "cases: [{name: a, event: {quick_reply: P}, expect: {silent: paused, alerts: [info], observers: []}}]"),
        (True, "cases: [{name: a, event: {image: true, text: x}, expect: {buttons: [], messages: 2, set: {a: b}}}]"),
        (False, "cases: []"),
        (False, "now: now"),
        (False, "ai: recorded\n" + CASE.replace(", UNKNOWN", "")),
        (False, CASE.replace("name: a, ", "")),
        (False, CASE.replace("UNKNOWN", "steps: [{say: x}]")),
        (False, CASE.replace("UNKNOWN", "history: [{customer: hi, at: 30h}]")),
        (False, "cases: [{name: a, steps: [{say: x, at: 5m}]}]"),
        (False, "cases: [{name: a, steps: [{say: x, owner_says: y}]}]"),
        (False, "cases: [{name: a, table: [[x, r, s]]}]"),
        (False, "cases: [{name: a, event: {kind: video, image: true}, expect: {rule: b}}]"),
        (False, CASE.replace("rule: c", "silent: bored")),
        (False, CASE.replace("rule: c", "flow: done")),
    ],
)
def test_test_files_that_can_be_read_fit_their_schema(fits: bool, text: str) -> None:
    """And those that cannot do not."""
    refused = [finding.message for finding in read_tests(text) if finding.severity == "error"]
    invalid = [f"{error.json_path} {error.message[:200]}" for error in TESTS.iter_errors(value(text))]
    assert bool(refused) is not fits, refused
    assert bool(invalid) is not fits, invalid
