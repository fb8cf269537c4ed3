"""Another tool that answers customers by itself is told apart from a person who does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from igbot.answering.other_tools import forget_echoes
from tests.answering.talking import ACCOUNT, ANA, BEN, HOUR, START, Desk, customer_says, logged, open_desk, shop_says

SECOND = timedelta(seconds=1)
CLEO, DORA = "9000000000000003", "9000000000000004"
WORDS = "Thanks for your message! We are open 10 to 6."
PAUSES = "SELECT igsid, paused_until, paused_reason FROM conversation ORDER BY igsid"


async def answered(desk: Desk, igsid: str, *, after: float = 1, words: str = WORDS, grace: bool = True) -> None:
    """A customer writes now, and the account answers so many seconds later, without us."""
    wrote, mid = desk.time(), f"{igsid}-{desk.time().timestamp()}"
    await desk.arrive(customer_says("hello", f"m-{mid}", igsid=igsid, at=wrote))
    await desk.settle_all()
    desk.time.pass_by(seconds=after)
    await desk.arrive(shop_says(words, f"p-{mid}-{len(words)}", igsid=igsid, at=desk.time()))
    await desk.settle_all()
    if grace:
        desk.time.pass_by(seconds=10)
        await desk.settle_all()


async def paused(desk: Desk) -> set[str]:
    """The customers for whom the bot is silent now."""
    return {
        row["igsid"] for row in await desk.rows(PAUSES) if row["paused_until"] and row["paused_until"] > desk.time()
    }


async def test_the_same_words_at_once_to_three_customers_are_a_tools(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once, nobody is paused for it, and the pauses of the first two are over."""
    await answered(desk, ANA)
    await answered(desk, BEN)
    assert await paused(desk) == {ANA, BEN}
    await answered(desk, CLEO, grace=False)
    assert await paused(desk) == set()
    [line] = logged(caplog, "other_tool_answered")
    assert line == {"account": ACCOUNT, "customers": 3, "pauses_lifted": 2}
    [notice] = desk.notices
    assert (notice.what, notice.level) == ("other_tool", "warning")
    assert WORDS in notice.body
    assert WORDS not in notice.key, "the key stands in the log, where no words belong"
    await answered(desk, DORA)
    await answered(desk, ANA)
    assert await paused(desk) == set()
    assert len(logged(caplog, "other_tool_answered")) == len(desk.notices) == 1
    assert len(logged(caplog, "human_takeover")) == 2
    assert await desk.value("SELECT count(*) FROM message WHERE author = 'person'") == 5
    assert (await desk.replies(CLEO), await desk.replies(ANA)) == (["Hi there!"], ["Hi there!"] * 2)


async def test_three_at_the_same_time_pause_nobody(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The grace is long enough: it is known before the first counts as a person's."""
    await desk.arrive(*(customer_says("hello", f"m-{igsid}", igsid=igsid) for igsid in (ANA, BEN, CLEO)))
    await desk.settle_all()
    desk.time.pass_by(seconds=1)
    echoes = (shop_says(WORDS, f"p-{igsid}", igsid=igsid, at=desk.time()) for igsid in (ANA, BEN, CLEO))
    await desk.arrive(*echoes)
    await desk.settle_all()
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    assert await paused(desk) == set()
    assert (len(logged(caplog, "other_tool_answered")), logged(caplog, "human_takeover")) == (1, [])


async def test_a_person_who_says_the_same_minutes_later_is_a_person(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """However many customers get it; also where a tool says it as well."""
    for igsid in (ANA, BEN, CLEO):
        await answered(desk, igsid, after=120)
    assert await paused(desk) == {ANA, BEN, CLEO}
    assert logged(caplog, "other_tool_answered") == []
    assert await desk.rows("SELECT * FROM foreign_echo") == []
    desk.time.pass_by(hours=13)
    for igsid in (ANA, BEN, CLEO):
        await answered(desk, igsid)
    assert len(logged(caplog, "other_tool_answered")) == 1
    await answered(desk, DORA, after=6)
    assert await paused(desk) == {DORA}


async def test_two_customers_are_not_enough(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """However often each of them gets it, and other words are another thing."""
    for igsid in (ANA, BEN, ANA, BEN):
        await answered(desk, igsid)
        desk.time.pass_by(hours=13)
    await answered(desk, CLEO, words="Something else")
    assert await paused(desk) == {CLEO}
    assert logged(caplog, "other_tool_answered") == []


async def test_a_pause_that_a_person_has_renewed_is_not_lifted(desk: Desk) -> None:
    """Nor one that an operator has set since."""
    await answered(desk, ANA)
    await answered(desk, BEN)
    await desk.arrive(shop_says("Eva here", "eva", at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    operator = desk.time() + HOUR
    query = "UPDATE conversation SET paused_until = $1, paused_reason = 'operator' WHERE igsid = $2"
    await desk.value(query, operator, BEN)
    await answered(desk, CLEO, grace=False)
    assert await paused(desk) == {ANA, BEN}


async def test_a_person_in_the_same_moment_is_not_taken_for_the_tool(desk: Desk) -> None:
    """Their own words, sent at once as well, are said to one customer only."""
    await answered(desk, ANA)
    await desk.arrive(customer_says("hello", "m2", at=desk.time()))
    await desk.arrive(shop_says(WORDS, "p2", at=desk.time()), shop_says("Eva here", "p3", at=desk.time() + SECOND))
    desk.time.pass_by(seconds=11)
    await desk.settle_all()
    await answered(desk, BEN)
    await answered(desk, CLEO, grace=False)
    assert await paused(desk) == {ANA}


async def test_an_echo_that_overtakes_its_customers_message(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The grace is also for that."""
    for igsid in (ANA, BEN, CLEO):
        await desk.arrive(shop_says(WORDS, f"p-{igsid}", igsid=igsid, at=START + SECOND))
        await desk.settle_all()
    assert await desk.rows("SELECT * FROM foreign_echo") == []
    desk.time.pass_by(seconds=5)
    for igsid in (ANA, BEN, CLEO):
        await desk.arrive(customer_says("hello", f"m-{igsid}", igsid=igsid))
    desk.time.pass_by(seconds=1)
    await desk.settle_all()
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    assert await paused(desk) == set()
    assert len(logged(caplog, "other_tool_answered")) == 1


async def test_our_own_answers_are_no_tools(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """They come at once, to many: also while their call is still under way."""
    for igsid in (ANA, BEN, CLEO):
        await desk.arrive(customer_says("hello", f"m-{igsid}", igsid=igsid))
    await desk.settle_all()
    await desk.value(
        "UPDATE outbox SET status = 'sending', attempts = 1, sending_at = $1 WHERE igsid <> $2", START, CLEO
    )
    for igsid in (ANA, BEN, CLEO):
        await desk.arrive(shop_says("Hi  there!", f"p-{igsid}", igsid=igsid, at=START + SECOND))
    await desk.settle_all()
    assert await desk.rows("SELECT * FROM foreign_echo") == []
    assert (logged(caplog, "other_tool_answered"), len(logged(caplog, "echo_matched"))) == ([], 2)


async def test_old_candidates_are_forgotten(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """After a day they tell of no tool, and upkeep drops them."""
    await answered(desk, ANA)
    await answered(desk, BEN)
    desk.time.pass_by(days=1)
    await answered(desk, CLEO)
    assert logged(caplog, "other_tool_answered") == []
    async with desk.database.connection() as conn:
        await forget_echoes(conn, now=desk.time())
    assert [row["igsid"] for row in await desk.rows("SELECT igsid FROM foreign_echo")] == [CLEO]


async def test_where_people_pause_nothing_a_tool_is_told_nevertheless(desk: Desk) -> None:
    """Two bots answering is what the owner should know."""
    desk.policy = replace(desk.policy, takeover_pause=None)
    for igsid in (ANA, BEN, CLEO):
        await answered(desk, igsid)
    assert (await paused(desk), [notice.what for notice in desk.notices]) == (set(), ["other_tool"])


async def test_several_processes_tell_of_a_tool_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Whichever of them met the third customer."""
    async with open_desk(desk.database, time=desk.time) as other:
        for number, igsid in enumerate((ANA, BEN, CLEO, DORA)):
            await answered((desk, other)[number % 2], igsid)
    assert len(logged(caplog, "other_tool_answered")) == len([*desk.notices, *other.notices]) == 1
    assert await paused(desk) == set()


async def test_an_ordinary_round_does_not_look_for_tools(desk: Desk) -> None:
    """Nothing is asked beyond the claim and the settling."""
    asked: list[str] = []
    await desk.arrive(customer_says("hello", "m1"))

    def note(query: Any) -> None:
        asked.append(query.query.split()[0])

    async with desk.database.connection() as conn:
        with conn.query_logger(note):
            assert await desk.worker.run_once(conn) == 1
    assert asked == ["WITH", "WITH"]
