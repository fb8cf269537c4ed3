"""Short ways to write what a rule does in a test."""

from collections.abc import Collection
from dataclasses import replace
from textwrap import dedent

from igbot.meta.events import CustomerKind
from igbot.rules.model import Finding
from igbot.rules.reading.answers_compiling import Answers, check_shared_reply, compile_answers
from igbot.rules.reading.answers_reading import read_answers, read_shared_reply
from igbot.rules.reading.gathered import Gathered
from igbot.rules.reading.source import FileReport, Mapping, Report
from igbot.rules.reading.strict_yaml import read_yaml
from igbot.rules.rule import DEFAULT_KINDS

SHOP = Gathered(constants={"shop.name": "Lola", "shop.site": "https://lola.example"})


def _read(path: str, text: str, report: Report) -> tuple[Mapping, FileReport]:
    source, root = read_yaml(path, dedent(text).encode(), report)
    assert isinstance(root, Mapping), report.findings
    return root, report.about(source)


def answers(
    text: str,
    *,
    gathered: Gathered = SHOP,
    match_names: Collection[str] = (),
    kinds: frozenset[CustomerKind] = DEFAULT_KINDS,
    has_text_condition: bool = True,
    shared: str = "",
) -> tuple[Answers, list[Finding]]:
    """What a rule with these keys does, and what is wrong with it; `shared` are the keys of `replies`."""
    found = Report()
    tree, report = _read("1.yaml", text, found)
    if shared:
        others, about = _read("2.yaml", shared, found)
        replies = {key.value: reply for key, node in others if (reply := read_shared_reply(node, about))}
        for reply in replies.values():
            check_shared_reply(reply, gathered)
        gathered = replace(gathered, replies=replies)
    draft = read_answers({key.value: node for key, node in tree}, report)
    compiled = compile_answers(
        draft,
        gathered,
        report,
        rule="greet",
        match_names=match_names,
        kinds=kinds,
        has_text_condition=has_text_condition,
    )
    return compiled, found.findings


def right(text: str, *, gathered: Gathered = SHOP) -> Answers:
    """What a rule does that has nothing wrong with it."""
    found, findings = answers(text, gathered=gathered)
    assert findings == []
    return found


def codes(text: str, *, gathered: Gathered = SHOP, shared: str = "") -> list[tuple[str, str]]:
    """The code and severity of each finding."""
    return [(each.code, each.severity) for each in answers(text, gathered=gathered, shared=shared)[1]]


def problem(text: str, *, gathered: Gathered = SHOP, shared: str = "") -> Finding:
    """The only finding."""
    (found,) = answers(text, gathered=gathered, shared=shared)[1]
    return found
