"""Reads a `*.test.yaml` file into cases; whatever is wrong with it is a finding with its place."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from igbot.rules.model import RuleFile
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Report
from igbot.rules.reading.strict_yaml import read_yaml
from igbot.rules.reading.values import (
    check_keys,
    is_empty,
    read_any_text,
    read_list,
    read_map,
)
from igbot.rules.testing.cases import CaseFile, Named, Person
from igbot.rules.testing.events import Beside
from igbot.rules.testing.expecting import read_several
from igbot.rules.testing.moments import default_now, read_now
from igbot.rules.testing.persons import read_person
from igbot.rules.testing.reading_cases import Around, read_case

FILE_KEYS = ("rules", "now", "timezone", "customer", "ai", "cases")


def read_cases(file: RuleFile, report: Report, *, zone: ZoneInfo, beside: Beside, account: str = "") -> CaseFile | None:
    """The cases of one file, with those left out that could not be read; None where it is no such file at all.

    `zone` holds where the file names no time zone, `account` where a customer names none to write to; `beside` reads
    the webhooks that cases name.
    """
    source, root = read_yaml(file.path, file.data, report)
    about = report.about(source)
    tree = read_map(root, "a file of tests", about) if root is not None else None
    if tree is None:
        return None
    check_keys(tree, "a file of tests", about, known=FILE_KEYS)
    _check_ai(tree, about)
    zone = _read_zone(tree.get("timezone"), about) or zone
    now = tree.get("now")
    around = Around(
        report=about,
        zone=zone,
        now=(read_now(now, about, zone) if now else None) or default_now(zone),
        person=read_person(tree.get("customer"), about, standard=Person(account=account)),
        beside=beside,
    )
    cases = tree.get("cases")
    if cases is None or is_empty(cases) or (isinstance(cases, Listing) and not cases.items):
        about.error("R004", cases or tree, "a file of tests without a case", hint="add cases:")
        return CaseFile(file.path, source)
    found = [case for item in read_list(cases, "cases", about) if (case := read_case(item, around))]
    seen: dict[str, int] = {}
    for case in found:
        if case.name in seen:
            message = f'the name "{case.name[:60]}" stands twice, first in line {seen[case.name]}'
            about.error("R010", case.at, message, hint="give every case a name of its own")
        seen.setdefault(case.name, case.at.line)
    return CaseFile(file.path, source, _read_rules(tree.get("rules"), about), tuple(found))


def _check_ai(tree: Mapping, report: FileReport) -> None:
    node = tree.get("ai")
    # YAML's own word for "no" is what the language wants here, with and without quotes.
    if node is not None and getattr(node, "value", None) not in ("off", "false"):
        message = '"ai: recorded" is part of the rule language but not built in this version'
        report.error("R003", node, message, hint='delete it, or write ai: "off"')


def _read_zone(node: Node | None, report: FileReport) -> ZoneInfo | None:
    name = read_any_text(node, "timezone", report) if node is not None else None
    if name is None or node is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        report.error("R051", node, f'there is no time zone "{name[:60]}"', hint="for example Europe/Madrid")
        return None


def _read_rules(node: Node | None, report: FileReport) -> tuple[Named, ...]:
    return read_several(node, "rules", report) if node is not None else ()
