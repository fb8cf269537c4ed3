"""Graph's language of fields."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.sandbox.fields import Field, read_fields
from igbot.sandbox.refusals import RefusalError


def test_a_field_list_becomes_a_tree() -> None:
    """Names, limits and expansions are understood, with spaces too."""
    assert read_fields("id, messages.limit(5){id,from{username}},updated_time") == {
        "id": Field(None, {}),
        "messages": Field(5, {"id": Field(None, {}), "from": Field(None, {"username": Field(None, {})})}),
        "updated_time": Field(None, {}),
    }
    assert read_fields("") == {}


@pytest.mark.parametrize("wrong", ["id{", "id}", "{id}", "id,?", "messages.limit(x)", "a" * 2001, "id,{x}"])
def test_what_graph_would_not_understand_is_refused(wrong: str) -> None:
    """A syntax error is code 100."""
    with pytest.raises(RefusalError) as refusal:
        read_fields(wrong)
    assert refusal.value.code == 100


@given(st.text(alphabet="ab_.limit(1){},  ", max_size=60))
def test_no_field_list_makes_it_fail(text: str) -> None:
    """Any text is a tree or a refusal."""
    with suppress(RefusalError):
        assert isinstance(read_fields(text), dict)
