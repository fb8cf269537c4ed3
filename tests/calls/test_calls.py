"""Calls that decisions asked for are made, signed, again where that helps, and their answers wake who waits."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from igbot.calls.queue import Ended
from igbot.calls.signature import idempotency_key, signature_of
from igbot.store.pool import Database
from tests.calls.shop_service import ANA, SECRET, START, Bench, opened
from tests.waiting import eventually


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    """A service that answers, and a caller."""
    async with opened(database) as bench:
        yield bench


async def test_an_answer_is_kept_and_wakes_the_conversation_that_waits(bench: Bench) -> None:
    """Its lane is ready, and differs from what an earlier claim has seen."""
    call_id = await bench.ask()
    assert await bench.turn() == 1
    row = await bench.row(call_id)
    assert (row["ok"], json.loads(row["answer"]), row["finished_at"]) == (True, {"status": "on its way"}, START)
    lane = await bench.lane()
    assert (lane["ready_at"], lane["arrivals"]) == (START, 2)
    assert bench.answered == ["inbox"]
    assert await bench.turn() == 0


async def test_a_service_can_check_who_calls_and_knows_a_repeated_call(bench: Bench) -> None:
    """By the HMAC over timestamp and body, and by a key made of message and rule."""
    bench.service.answers = [(503, b""), (200, b"{}")]
    await bench.ask()
    await bench.turn()
    bench.pass_by(seconds=1)
    await bench.turn()
    first, second = bench.service.asked
    assert json.loads(first.body) == {"number": "12345"}
    expected = "sha256=" + signature_of(first.body, secret=SECRET, timestamp=first.headers["X-Igbot-Timestamp"])
    assert first.headers["X-Igbot-Signature"] == expected
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "m_1:order-status"


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_what_may_pass_is_tried_again_as_often_as_the_rule_says(bench: Bench, status: int) -> None:
    """One call and `retry` more, then it has failed and the conversation goes on."""
    bench.service.answers = [(status, b"{}")]
    call_id = await bench.ask(retry=2)
    for _ in range(5):
        await bench.turn()
        bench.pass_by(seconds=10)
    assert len(bench.service.asked) == 3
    row = await bench.row(call_id)
    assert (row["ok"], row["why"]) == (False, f"it answered HTTP {status}")
    assert bench.answered == ["inbox"]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, b"{}", "it answered HTTP 404"),
        (302, b"{}", "it answered HTTP 302"),
        (200, b"<html>", "its answer is no JSON"),
        (200, b"[1, 2]", "JSON, but no object"),
        (200, b'{"a": NaN}', "its answer is no JSON"),
        (200, b"\xff\xfe", "its answer is no JSON"),
        (200, b'{"a": "' + b"x" * 70_000 + b'"}', "longer than 64 KiB"),
        (200, b"[" * 60_000, "its answer is no JSON"),
        (200, b'{"a":' * 900 + b"1" + b"}" * 900, "its answer is no JSON"),
        (200, b'{"a": 1e400}', "its answer is no JSON"),
    ],
)
async def test_what_would_not_get_better_is_not_tried_again(bench: Bench, status: int, body: bytes, why: str) -> None:
    """The reason is said without a word of what the service said."""
    bench.service.answers = [(status, body)]
    call_id = await bench.ask()
    await bench.turn()
    row = await bench.row(call_id)
    assert row["ok"] is False
    assert why in row["why"]
    assert len(bench.service.asked) == 1


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", {}),
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a": "\\u0000b", "c": ["\\ud800"]}', {"a": "�b", "c": ["�"]}),
        ('{"city": "Málaga"}'.encode(), {"city": "Málaga"}),
    ],
)
async def test_any_json_object_can_be_kept(bench: Bench, body: bytes, kept: dict[str, object]) -> None:
    """Also nothing at all, and what a database cannot hold."""
    bench.service.answers = [(200, body)]
    call_id = await bench.ask()
    await bench.turn()
    row = await bench.row(call_id)
    assert row["ok"] is True
    assert json.loads(row["answer"]) == kept


async def test_a_service_that_is_not_there_or_hangs_has_not_answered(database: Database) -> None:
    """Both are worth another try."""
    async with opened(database, url="http://127.0.0.1:9/orders") as bench:
        call_id = await bench.ask(retry=0)
        await bench.turn()
        assert (await bench.row(call_id))["why"].startswith("no answer (")


async def test_a_service_that_hangs_is_left_after_the_rules_timeout(bench: Bench) -> None:
    """The conversation waits no longer than the rule says."""
    bench.service.held = asyncio.Event()
    call_id = await bench.ask(timeout_ms=50, retry=0)
    await bench.turn()
    assert (await bench.row(call_id))["why"] == "no answer within 0.05 s"


async def test_a_service_without_a_secret_is_not_called(database: Database) -> None:
    """An unsigned call would teach the service to trust anybody."""
    async with opened(database, secret=None) as bench:
        call_id = await bench.ask()
        await bench.turn()
        assert (await bench.row(call_id))["why"] == "the secret that signs its calls is not set"
        assert bench.service.asked == []


async def test_a_service_that_the_configuration_no_longer_has_fails_the_call(bench: Bench) -> None:
    """Rules may be older than the configuration."""
    call_id = await bench.ask(name="warehouse")
    await bench.turn()
    assert (await bench.row(call_id))["why"] == "the configuration has no such service"


async def test_a_call_for_which_nobody_waits_wakes_nobody(bench: Bench) -> None:
    """An observer's."""
    await bench.ask(waits=False)
    await bench.turn()
    assert bench.answered == []
    assert (await bench.lane())["arrivals"] == 1


async def test_a_profile_is_asked_of_meta_and_kept_like_an_answer(bench: Bench) -> None:
    """With no rule and no service."""
    bench.profiles[ANA] = Ended(True, {"username": "ana", "name": "Ana", "follows": True})
    call_id = await bench.ask(kind="profile", rule="", name="", waits=False)
    await bench.turn()
    assert json.loads((await bench.row(call_id))["answer"])["username"] == "ana"


async def test_two_processes_make_a_call_once(bench: Bench, database: Database) -> None:
    """Whoever comes first has it; the other finds nothing while the lease lasts, and the call after that."""
    bench.service.held = asyncio.Event()
    await bench.ask()
    async with database.connection() as conn:
        assert await bench.caller.begin(conn) == 1
        assert await bench.caller.begin(conn) == 0
        bench.pass_by(seconds=60)
        assert await bench.caller.begin(conn) == 1
        await eventually(lambda: len(bench.service.asked) == 2)


async def test_the_loop_makes_calls_until_it_is_stopped(bench: Bench) -> None:
    """Also those that come due while it runs."""
    stopping = asyncio.Event()
    call_id = await bench.ask()
    loop = asyncio.create_task(bench.caller.run(stopping=stopping, idle=0.05))

    async def over() -> bool:
        return (await bench.row(call_id))["finished_at"] is not None

    await eventually(over)
    stopping.set()
    await loop


async def test_what_ended_long_ago_is_forgotten(bench: Bench, database: Database) -> None:
    """The answers hold customers' data."""
    await bench.ask()
    await bench.turn()
    bench.pass_by(days=8)
    stopping = asyncio.Event()
    loop = asyncio.create_task(bench.caller.run(stopping=stopping, idle=0.05))

    async def gone() -> bool:
        async with database.connection() as conn:
            return bool(await conn.fetchval("SELECT count(*) = 0 FROM service_call"))

    await eventually(gone)
    stopping.set()
    await loop


def test_a_key_is_always_short_ascii() -> None:
    """Meta's ids are not ours to trust in a header."""
    assert idempotency_key(mid="m_1", event_key="k", rule="a") == "m_1:a"
    assert idempotency_key(mid=None, event_key="k", rule="a") == "k:a"
    for odd in ("m" * 500, "a\r\nb", "ключ"):
        key = idempotency_key(mid=odd, event_key="k", rule="a")
        assert key.isascii()
        assert key.isprintable()
        assert len(key) < 80
