"""What the ways of deciding are measured on."""

from bench.chatter import messages
from bench.subjects.rules import IGBOT, SUBJECT, ways


def test_every_way_answers_every_message() -> None:
    """None is fast because it says nothing."""
    for way in ways():
        look = way.build()
        for message in messages(way.plants, 25):
            assert look(message), (way.name, message)


def test_goals_are_of_contenders_that_there_are() -> None:
    """A goal of nobody would never be missed."""
    names = {way.name for way in ways()}
    assert {goal.contender for goal in SUBJECT.goals} <= names
    assert {goal.against for goal in SUBJECT.goals if goal.against} <= names
    assert all(IGBOT in goal.contender for goal in SUBJECT.goals)
