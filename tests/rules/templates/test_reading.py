"""Nothing but names and filters is let into a reply, and every mistake is told with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.templates.model import Insert
from igbot.rules.templates.reading import LONGEST_FILLED, MOST_INSERTS
from tests.rules.templates.filling import fill, read


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{{ shop.nmae }}", "unknown name"),
        ("{{ name }}", "unknown name"),
        ("{{ shop }}", "unknown name"),
        ("{{ customer.nick }}", "unknown name"),
        ("{{ match.2 }}", "unknown name"),
        ("{{ slots.other.status }}", "unknown name"),
        ("{{ schedule.open }}", "unknown name"),
        ("{{ schedule.open.hours }}", "unknown name"),
        ("{{ shop.name | shout }}", "unknown filter"),
        ("{{ shop.name | truncate }}", "used wrongly"),
        ("{{ shop.name | truncate('3') }}", "used wrongly"),
        ("{{ shop.name | truncate(0) }}", "above 0"),
        ("{{ shop.name | truncate(true) }}", "takes a text or a number"),
        ("{{ shop.name | upper(1) }}", "used wrongly"),
        ("{{ shop.name | default }}", "used wrongly"),
        ("{{ shop.name | default(x=1) }}", "used wrongly"),
        ("{{ now | date('%d.%m.%Y') }}", "cannot be written"),
        ("{{ now | date('MMMMMMMMM') }}", "cannot be written"),
        ("{{ now | date('') }}", "cannot be written"),
        ("{{ now | date(3) }}", "used wrongly"),
        ("{{ shop.name", "not a template"),
        ("{{ }}", "not a template"),
        ("{% if x %}y{% endif %}", "statements"),
        ("{% for x in y %}", "not a template"),
        ("{# note #}", "comments"),
        ("{{ shop.name.__class__ }}", "only {{ name | filter }}"),
        ("{{ slots.order.__class__ }}", "only {{ name | filter }}"),
        ("{{ slots.order" + ".a" * 20 + " }}", "only {{ name | filter }}"),
        ("{{ ''.__class__.__mro__ }}", "only {{ name | filter }}"),
        ("{{ shop['name'] }}", "only {{ name | filter }}"),
        ("{{ cycler() }}", "only {{ name | filter }}"),
        ("{{ slots.order.status() }}", "only {{ name | filter }}"),
        ("{{ 1 + 1 }}", "only {{ name | filter }}"),
        ("{{ 9" + "9" * 5000 + " }}", "not a template"),
        ("{{ " + "(" * 50_000, "not a template"),
    ],
)
def test_everything_else_is_a_problem(text: str, part: str) -> None:
    """Calls, attributes, statements, sums, and what only looks like a name."""
    _, problems = read(text)
    assert part in problems[0].message
    assert problems[0].part in text
    assert problems[0].code == "R045"


def test_all_problems_of_a_reply_are_found_at_once() -> None:
    """Not one at each save."""
    _, problems = read("{{ a.b }} {{ c.d }} {{ shop.name | e }}")
    assert [problem.part for problem in problems] == ["a.b", "c.d", "e"]


def test_a_schedule_that_there_is_not_is_told_as_one() -> None:
    """The name is right, what it names is missing."""
    _, problems = read("{{ schedule.opne.next | human }}")
    assert (problems[0].code, problems[0].hint) == ("R050", 'did you mean "open"?')


def test_a_text_without_anything_to_fill_in_is_one_piece() -> None:
    """So are names whose values are known already, whatever filter they go through."""
    assert read("plain } text { 100 % #1")[0] == ("plain } text { 100 % #1",)
    assert read("Hi from {{ shop.name | title }}{{ '!' }}")[0] == ("Hi from Lola Wear!",)
    assert read("{{ shop.empty | default('us') }}")[0] == ("us",)


def test_a_known_value_that_depends_on_the_language_waits_for_it() -> None:
    """A number has its commas elsewhere in Spain."""
    (part,), _ = read("{{ shop.days | number }}")
    assert isinstance(part, Insert)
    assert part.constant == "1500"
    assert fill("{{ shop.days | number }} {{ '2500.5' | number }}", language="de") == "1.500 2.500,5"


@given(st.text("{}%#|.'\"() \nabshopnameslotsorder_1", max_size=60))
def test_no_template_raises(text: str) -> None:
    """Parts, or problems whose place can be shown."""
    _, problems = read(text)
    if not problems:
        fill(text)
    assert all(problem.part in text and problem.message for problem in problems)


def test_what_is_filled_into_one_text_is_counted() -> None:
    """A hundred are more than a message shows."""
    assert read("{{ now }}" * MOST_INSERTS)[1] == ()
    template, (problem,) = read("{{ now }}" * (MOST_INSERTS + 1))
    assert (template, problem.message) == ((), "more than 100 things are filled into one text")


def test_what_vars_fill_in_is_bounded() -> None:
    """A long value many times over would fill the memory."""
    long = {"shop.name": "x" * (LONGEST_FILLED // 2)}
    assert read("{{ shop.name }}" * 2, long)[1] == ()
    template, (problem,) = read("{{ shop.name }}" * 3, long)
    assert (template, problem.message) == ((), "what is filled in from vars has more than 20000 characters")
