"""What the ways of matching are measured on."""

from bench.chatter import messages
from bench.subjects.matching import BY_RE, BY_RE2, IGBOT, SUBJECT, ways


def test_every_way_finds_something_in_every_message() -> None:
    """None is fast because there is nothing to do."""
    for way in ways():
        look = way.build()
        for message in messages(way.plants, 25):
            assert look(message), (way.name, message)


def test_all_ways_look_for_the_same_in_the_same_messages() -> None:
    """Whatever the number of keywords, three ways; and two for patterns."""
    by_task: dict[str, set[tuple[str, ...]]] = {}
    for way in ways():
        by_task.setdefault(way.name.split(", ")[0], set()).add(tuple(messages(way.plants, 25)))
    assert list(by_task) == ["10 keywords", "1,000 keywords", "10,000 keywords", "1,000 patterns"]
    assert all(len(texts) == 1 for texts in by_task.values())


def test_goals_are_of_contenders_that_there_are() -> None:
    """A goal of nobody would never be missed."""
    names = {way.name for way in ways()}
    assert {BY_RE, BY_RE2} <= names
    assert {goal.contender for goal in SUBJECT.goals} <= names
    assert {goal.against for goal in SUBJECT.goals if goal.against} <= names
    assert all(IGBOT in goal.contender for goal in SUBJECT.goals)
