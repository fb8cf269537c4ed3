"""What Meta's verification request gets, by its query alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.web.verification import Verdict, verify

TOKEN = "right-token"


def query(**changes: str | None) -> list[tuple[str, str]]:
    """Meta's query with some values changed, or left out where None."""
    values: dict[str, str | None] = {"mode": "subscribe", "challenge": "1158201444", "verify_token": TOKEN}
    return [(f"hub.{name}", value) for name, value in (values | changes).items() if value is not None]


def test_the_right_token_gets_the_challenge_back() -> None:
    """Mode, token and challenge as Meta sends them: 200 and exactly the challenge."""
    assert verify(query(), verify_token=TOKEN) == Verdict(200, "1158201444")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"verify_token": "wrong"}, 403),
        ({"verify_token": "wröng 🙂"}, 403),
        ({"verify_token": "\udcff\udcfe"}, 403),
        ({"verify_token": TOKEN + " "}, 403),
        ({"verify_token": "wrong", "challenge": None}, 403),
        ({"verify_token": ""}, 400),
        ({"verify_token": None}, 400),
        ({"challenge": None}, 400),
        ({"challenge": ""}, 400),
        ({"challenge": "<script>alert(1)</script>"}, 400),
        ({"challenge": "1\n"}, 400),
        ({"challenge": "٣"}, 400),
        ({"challenge": "1" * 257}, 400),
        ({"mode": None}, 400),
        ({"mode": "unsubscribe"}, 400),
        ({"mode": None, "verify_token": None, "challenge": None}, 400),
    ],
)
def test_anything_else_is_refused(changes: dict[str, str | None], status: int) -> None:
    """A wrong token is 403, whatever is missing or malformed 400; the token is judged before the challenge."""
    assert verify(query(**changes), verify_token=TOKEN).status == status


@pytest.mark.parametrize("name", ["mode", "challenge", "verify_token"])
def test_a_doubled_parameter_is_refused(name: str) -> None:
    """Two values for one of Meta's parameters are 403, also where both are the right one."""
    doubled = [*query(), next(pair for pair in query() if pair[0] == f"hub.{name}")]
    assert verify(doubled, verify_token=TOKEN).status == 403


def test_parameters_that_are_not_metas_do_not_matter() -> None:
    """Somebody's own query parameters on the callback address are left alone, doubled ones too."""
    assert verify([("a", "1"), ("a", "2"), *query()], verify_token=TOKEN).status == 200


def test_a_token_that_is_not_ascii_is_accepted_if_it_is_the_right_one() -> None:
    """The comparison is one of bytes, so any text may be the token."""
    assert verify(query(verify_token="schlüssel"), verify_token="schlüssel").status == 200


def test_without_a_token_of_our_own_nothing_is_verified() -> None:
    """An empty setting never equals anything."""
    assert verify(query(verify_token="x"), verify_token="").status == 403


@given(st.lists(st.tuples(st.sampled_from(["hub.mode", "hub.challenge", "hub.verify_token", "x"]), st.text())))
def test_no_query_raises_and_only_the_right_token_passes(pairs: list[tuple[str, str]]) -> None:
    """Any list of parameters gets a verdict; 200 implies that the token was in it."""
    verdict = verify(pairs, verify_token=TOKEN)
    assert verdict.status in (200, 400, 403)
    assert verdict.status != 200 or ("hub.verify_token", TOKEN) in pairs
