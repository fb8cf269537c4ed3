"""Our own regular expressions find what those of the package find, and hold on to the interpreter."""

from pathlib import Path

import regex

from igbot.rules.expressions import expression

ROOM = Path(__file__).parents[2] / "igbot" / "rules"


def test_every_method_finds_what_the_package_finds() -> None:
    """With positions and flags."""
    ours, theirs = expression(r"\p{L}+", regex.IGNORECASE), regex.compile(r"\p{L}+", regex.IGNORECASE)
    text = "3 große Äpfel, bitte"
    for name in ("search", "match", "fullmatch"):
        found, expected = getattr(ours, name)(text, 2), getattr(theirs, name)(text, 2)
        assert (found and found.span()) == (expected and expected.span())
    assert [found.span() for found in ours.finditer(text)] == [found.span() for found in theirs.finditer(text)]
    assert ours.findall(text) == theirs.findall(text)
    assert ours.split(text) == theirs.split(text)
    assert ours.sub("x", text, 2) == theirs.sub("x", text, 2)


def test_no_other_way_is_used_where_rules_are_read_and_decide() -> None:
    """One that lets go of the interpreter again and again keeps the event loop waiting while thousands are read."""
    modules = (path for path in ROOM.rglob("*.py") if path.parent.name != "testing")
    others = [path.name for path in modules if "regex.compile(" in path.read_text(encoding="utf-8")]
    assert others == ["expressions.py"]
