"""Reads who the customer of a test is."""

from igbot.rules.deciding.choice import Profile
from igbot.rules.reading.source import FileReport, Mapping, Node, place_of
from igbot.rules.reading.values import check_keys, read_any_text, read_boolean, read_map
from igbot.rules.testing.cases import Person
from igbot.rules.testing.expecting import read_facts, read_listed

PERSON_KEYS = (
    *("known", "lang", "first_name", "name", "username"),
    *("follows", "tags", "set", "account", "test"),
)


def read_person(node: Node | None, report: FileReport, *, standard: Person | None = None) -> Person:
    """The customer; of what is not given, what `standard` has."""
    standard = standard or Person()
    given = read_map(node, "customer", report) if node is not None else None
    if given is None:
        return standard
    check_keys(given, "customer", report, known=PERSON_KEYS)
    texts = {key: _text(given, key, report) for key in ("lang", "username", "account")}
    tags, facts = given.get("tags"), given.get("set")
    follows = given.get("follows")
    return Person(
        known=_flag(given, "known", report, standard=standard.known),
        language=texts["lang"] or standard.language,
        profile=Profile(
            username=texts["username"] or standard.profile.username,
            name=_read_person_name(given, report) or standard.profile.name,
            follows=read_boolean(follows, "follows", report) if follows else standard.profile.follows,
        ),
        tags=frozenset(read_listed(tags, "tags", report) or ()) if tags else standard.tags,
        facts=read_facts(facts, "set", report) if facts else standard.facts,
        account=texts["account"] or standard.account,
        test=_flag(given, "test", report, standard=standard.test),
    )


def _read_person_name(given: Mapping, report: FileReport) -> str | None:
    """Meta tells the whole name; the first one is taken from it."""
    whole, first = given.get("name"), given.get("first_name")
    if whole is not None and first is not None:
        report.error("R004", place_of(first), "name and first_name are one thing", hint="delete first_name")
    node = whole or first
    return read_any_text(node, "name", report) if node is not None else None


def _text(given: Mapping, key: str, report: FileReport) -> str | None:
    node = given.get(key)
    return read_any_text(node, key, report) if node is not None else None


def _flag(given: Mapping, key: str, report: FileReport, *, standard: bool) -> bool:
    node = given.get(key)
    return bool(read_boolean(node, key, report)) if node is not None else standard
