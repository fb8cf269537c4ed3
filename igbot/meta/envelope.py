"""A webhook body taken apart: which items it holds, and in which part of which entry."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from igbot.meta.values import identifier

Section = Literal["messaging", "standby", "changes", "unknown"]

_SECTIONS: tuple[Section, ...] = ("messaging", "standby", "changes")
_DASHBOARD_ENTRY = "0"


class Found(NamedTuple):
    """One item as it stands in the body. `section` is "unknown" where it lies in no place that Meta documents."""

    section: Section
    item: Any
    entry_id: str | None
    entry_time: object


def find_items(root: object) -> Iterator[Found] | None:
    """The items of a parsed body, in order; None where it is no webhook envelope at all.

    A body for another object than "instagram" gives its items as unknown ones: they are kept, never answered.
    """
    if not isinstance(root, dict):
        return None
    entries = root.get("entry")
    if entries is None:
        if "field" in root:
            # The dashboard's test for one field has been seen without the envelope around it.
            return _entry_items({**root, "id": _DASHBOARD_ENTRY})
        return None
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list):
        return None
    found = (each for entry in entries for each in _entry_items(entry))
    if root.get("object", "instagram") == "instagram":
        return found
    return (Found("unknown", each.item, each.entry_id, each.entry_time) for each in found)


def _entry_items(entry: object) -> Iterator[Found]:
    if not isinstance(entry, dict):
        yield Found("unknown", entry, None, None)
        return
    entry_id, time = identifier(entry.get("id")), entry.get("time")
    holds_nothing = True
    for section in _SECTIONS:
        items = entry.get(section)
        if items is None:
            continue
        holds_nothing = False
        if isinstance(items, list):
            for item in items:
                yield Found(section, item, entry_id, time)
        elif isinstance(items, dict):
            yield Found(section, items, entry_id, time)
        else:
            yield Found("unknown", {section: items}, entry_id, time)
    if "field" in entry:
        # Instagram-login comments come so, without `changes` around them.
        yield Found("changes", _change(entry), entry_id, time)
    elif holds_nothing:
        yield Found("unknown", entry, entry_id, time)


def _change(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"field": entry["field"], "value": entry.get("value")}
