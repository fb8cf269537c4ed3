"""Rules and tests as an owner writes them, and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from textwrap import dedent
from zoneinfo import ZoneInfo

from igbot.rules.deciding.choice import Options
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import load_rules
from igbot.rules.model import Finding, RuleFile
from igbot.rules.reading.source import Report
from igbot.rules.testing.cases import CaseFile
from igbot.rules.testing.outcomes import Setup
from igbot.rules.testing.reading import read_cases
from igbot.rules.testing.running import CaseResult, check_names, run_case

UTC = ZoneInfo("UTC")

SHOP = """
version: 1
timezone: Europe/Madrid
schedules: {open: {mon-fri: ["09:00-17:00"]}}
rules:
  - {name: prices, keywords: [price, prices], reply: "From 10 €."}
  - name: sizes
    priority: 5
    keywords: [size]
    reply:
      text: {en: "S to XL.", es: "De S a XL."}
      quick_replies: [{title: Small, payload: SIZE_S}, {title: Large, payload: SIZE_L}]
  - {name: size-tapped, payload: "SIZE_*", reply: "Thanks for {{ message.text | default('the tap') }}"}
  - {name: person, priority: 100, keywords: [human], handoff: {pause: 2h, say: "One of us will answer."}}
  - {name: hours, keywords: [hours], when: {schedule: open}, reply: "Open now."}
  - {name: shut, keywords: [hours], when: {schedule: {not: open}}, reply: "Closed."}
  - {name: welcome, priority: -5, when: {first_message: true}, reply: "Hello {{ customer.first_name | default('you')}}"}
  - {name: back, priority: -6, when: {idle_for: ">= 7d"}, reply: "Long time no see."}
  - {name: gift, keywords: [gift], once: true, reply: "A gift for you.", tag: [gifted], set: {likes: gifts}}
  - {name: race, keywords: [race], limit: {times: 2, within: 1h, per: all}, reply: "You are in."}
  - {name: quiet, keywords: [quiet], limit: {times: 1, within: 1h, then: silent}, reply: "Psst."}
  - {name: story, settle: 5s, keywords: [story], reply: "I read: {{ message.text }}"}
  - {name: slow, delay: 10s, keywords: [slow], reply: "Coming."}
  - name: order
    keywords: [order]
    call: {name: orders, save: it}
    reply: "It is {{ slots.it.status | default('lost') }}."
  - {name: thanks, kinds: [story_mention], reply: "Thanks!"}
  - {name: heart, when: {kinds: [reaction], emoji: ["❤️"]}, reply: "❤️"}
  - {name: picture, when: {kinds: [image, video, audio, file, share]}, reply: "Nice one."}
  - {name: watch, observe: true, keywords: [broken], tag: [complaint], alert: {level: critical, text: "Broken!"}}
  - {name: other, fallback: true, reply: "Sorry?"}
"""


@dataclass(frozen=True)
class Read:
    """A file of tests as read, and what is wrong with it."""

    file: CaseFile | None
    findings: tuple[Finding, ...]

    @property
    def told(self) -> list[str]:
        """The findings in short: `line:column code message`."""
        return [f"{each.line}:{each.column} {each.code} {each.message}" for each in self.findings]


@dataclass(frozen=True)
class Shop:
    """A set of rules to test."""

    ruleset: RuleSet
    options: Options = field(default_factory=Options)
    takeover_pause: timedelta | None = timedelta(hours=12)

    @classmethod
    def of(cls, rules: str, **settings: object) -> "Shop":
        """The shop with these rules, which must have no errors."""
        loaded = load_rules([RuleFile("shop.yaml", dedent(rules).encode())])
        assert loaded.ruleset is not None, loaded.findings
        return cls(loaded.ruleset, **settings)  # type: ignore[arg-type]

    def run(self, tests: str, *, beside: Mapping[str, bytes] | None = None) -> list[CaseResult]:
        """What the cases of a file come to; the file must have no errors."""
        found = read(tests, beside=beside, ruleset=self.ruleset)
        assert found.file is not None, found.told
        assert not found.findings, found.told
        setup = Setup(self.ruleset, self.options, self.takeover_pause)
        return [run_case(case, setup) for case in found.file.cases]

    def told(self, tests: str, *, beside: Mapping[str, bytes] | None = None) -> list[str]:
        """What is not as expected, in short: `number key: expected | got`."""
        return [
            f"{failure.number} {mismatch.key}: {mismatch.expected} | {mismatch.got}"
            for result in self.run(tests, beside=beside)
            for failure in result.failures
            for mismatch in failure.mismatches
        ]


def read(tests: str, *, beside: Mapping[str, bytes] | None = None, ruleset: RuleSet | None = None) -> Read:
    """A file of tests, read. `beside` are the files next to it; with `ruleset` the names of rules are checked too."""
    report = Report()
    file = read_cases(RuleFile("a.test.yaml", dedent(tests).encode()), report, zone=UTC, beside=(beside or {}).get)
    if file is not None and ruleset is not None:
        check_names(file, ruleset, report.about(file.source))
    return Read(file, tuple(report.findings))


def case(body: str) -> str:
    """A file with one case, of keys that are written as one line of a map."""
    return f"cases:\n  - {{name: it, {body}}}\n"
