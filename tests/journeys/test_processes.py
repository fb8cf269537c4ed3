"""Several processes, processes that are told to stop, and a database that comes and goes."""

import asyncio
import os
import random
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from igbot.meta.signature import sign
from igbot.sandbox.customer import delivery_body
from igbot.sandbox.faults import DelayFault, ErrorFault, FaultRule, HangFault, Match
from tests.journeys.shop import ACCOUNT, ANA, BEN, PAGE, SECRET, TOKEN
from tests.journeys.town import KEY, Process, Town, open_town
from tests.waiting import eventually

GRACE = 45
"""systemd's patience in igbot.service."""


async def test_two_processes_answer_each_message_once_and_in_order(database_url: str, tmp_path: Path) -> None:
    """300 messages of 40 customers, each delivered to one process or the other and a third of them to both at once."""
    async with open_town(database_url, tmp_path) as town:
        one, two = await asyncio.gather(town.start(), town.start())
        chance = random.Random(11)
        said: dict[str, list[str]] = {f"92{number:014d}": [] for number in range(40)}
        for number in range(300):
            said[chance.choice(list(said))].append(f"number {number}")

        async def writes(igsid: str, texts: list[str]) -> None:
            for text in texts:
                did = town.sandbox.customer_does(igsid, text=text)
                twice = chance.random() < 1 / 3
                await asyncio.gather(*(town.delivered(did) for _ in range(1 + twice)))

        await asyncio.gather(*(writes(*each) for each in said.items()))
        await eventually(town.settled)
        for igsid, texts in said.items():
            assert town.received(igsid) == [f"You wrote: {text}" for text in texts]
        assert [await one.end(), await two.end()] == [0, 0]
        answered = [sum(line["event"] == "reply_sent" for line in process.lines()) for process in (one, two)]
        assert sum(answered) == 300
        assert min(answered) > 30
        assert [line["status"] for p in (one, two) for line in p.lines() if line["event"] == "health_checked"] == [
            "ok"
        ] * 2
        assert town.errors() == []


async def test_a_killed_processs_conversations_are_taken_over(database_url: str, tmp_path: Path) -> None:
    """One of two processes is killed under load: the other finishes what it had begun."""
    async with open_town(database_url, tmp_path) as town:
        one, _ = await asyncio.gather(town.start(), town.start())
        customers = [f"93{number:014d}" for number in range(30)]

        async def writes(igsid: str) -> None:
            for text in ("first", "second", "third"):
                await town.delivered(town.sandbox.customer_does(igsid, text=text))

        writing = [asyncio.create_task(writes(igsid)) for igsid in customers]
        await eventually(lambda: len(town.sandbox.accepted.select()) > 20)
        one.kill()
        town.gone(one)
        await asyncio.gather(*writing)
        await eventually(town.settled)
        for igsid in customers:
            assert town.received(igsid) == ["You wrote: first", "You wrote: second", "You wrote: third"]
        assert town.errors() == []


async def test_sigterm_lets_calls_in_flight_end(database_url: str, tmp_path: Path) -> None:
    """Exit code 0 within the grace time; the answer that was under way is written, what waited is sent by the next."""
    async with open_town(database_url, tmp_path, echo="never") as town:
        process = await town.start()
        town.sandbox.faults.add([FaultRule(match=Match(route="send", igsid=ANA), times=1, fault=DelayFault(seconds=1))])
        await town.delivered(*(town.sandbox.customer_does(ANA, text=text) for text in ("first", "second")))
        await eventually(lambda: any(call.route == "send" for call in town.sandbox.calls.select()))
        await town.delivered(town.sandbox.customer_does(BEN, text="third"))
        town.gone(process)
        assert await process.end() == 0
        assert "You wrote: first" in town.received(ANA)
        [first, *_] = await town.rows("SELECT status FROM outbox ORDER BY outbox_id")
        assert first["status"] == "sent"
        await town.start()
        await eventually(town.settled)
        assert town.received(ANA) == ["You wrote: first", "You wrote: second"]
        assert town.received(BEN) == ["You wrote: third"]
        assert town.errors() == []


async def test_sigterm_hands_back_a_call_that_does_not_end(database_url: str, tmp_path: Path) -> None:
    """Meta hangs: the process still ends with 0 in time, and the next one finds out and sends once."""
    async with open_town(database_url, tmp_path, echo="never") as town:
        process = await town.start()
        town.sandbox.faults.add([FaultRule(match=Match(route="send"), times=1, fault=HangFault(accepted=True))])
        await town.delivered(town.sandbox.customer_does(ANA, text="hello"))
        await eventually(lambda: town.received(ANA))
        started = time.monotonic()
        assert await process.end() == 0
        assert time.monotonic() - started < GRACE
        town.gone(process)
        await town.start()
        await eventually(town.settled)
        assert town.received(ANA) == ["You wrote: hello"]


async def posted(town: Town, process: Process, igsid: str, text: str) -> int:
    """The HTTP status for one message, past the proxy."""
    did = town.sandbox.customer_does(igsid, text=text)
    body = delivery_body([did.item], ACCOUNT, town.sandbox.clock())
    headers = {"X-Hub-Signature-256": sign(SECRET, body), "X-Forwarded-Proto": "https"}
    async with town.http.post(f"{process.public_url}/webhook", data=body, headers=headers) as answer:
        return answer.status


async def test_a_start_without_its_database_recovers_by_itself(database_url: str, tmp_path: Path) -> None:
    """503 and a degraded start while PostgreSQL is away; when it comes, all that Meta repeats is answered once."""
    async with open_town(database_url, tmp_path) as town:
        await town.wire.close()
        process = await town.start(ready=False)
        assert await posted(town, process, BEN, "lost") == 503
        assert await town.health(process, "down")
        repeating = asyncio.create_task(town.delivered(town.sandbox.customer_does(ANA, text="hello")))
        await town.wire.open()
        await repeating
        await eventually(town.settled)
        assert town.received(ANA) == ["You wrote: hello"]
        assert town.received(BEN) == []
        assert await process.end() == 0
        events = [line["event"] for line in process.lines()]
        assert "degraded_start" in events
        assert "database_restored" in events
        assert set(town.errors()) <= {"degraded_start", "database_unavailable"}


async def test_a_database_that_hangs_is_away(database_url: str, tmp_path: Path) -> None:
    """Connections on which nothing comes back: noticed within seconds, Meta gets its 503 at once, and SIGTERM still
    ends the process with 0 in time."""
    async with open_town(database_url, tmp_path) as town:
        process = await town.start()
        town.wire.flow.clear()
        await eventually(lambda: town.health(process, "down"))
        started = time.monotonic()
        assert await posted(town, process, ANA, "hello") == 503
        assert await process.end() == 0
        assert time.monotonic() - started < GRACE
        assert "database_unavailable" in town.errors()


async def test_a_database_that_hung_is_taken_up_again(database_url: str, tmp_path: Path) -> None:
    """Once it answers again, all that Meta repeats is answered."""
    async with open_town(database_url, tmp_path) as town:
        process = await town.start()
        town.wire.flow.clear()
        repeating = asyncio.create_task(town.delivered(town.sandbox.customer_does(ANA, text="hello")))
        await eventually(lambda: "database_unavailable" in town.errors())
        town.wire.flow.set()
        await repeating
        await eventually(town.settled)
        assert town.received(ANA) == ["You wrote: hello"]
        assert await process.end() == 0


async def test_test_mode_marks_every_line_and_row(database_url: str, tmp_path: Path) -> None:
    """In the environment `test` nothing leaves a trace without its mark, and the test credentials are used."""
    async with open_town(database_url, tmp_path) as town:
        process = await town.start(
            IGBOT_ENV="test",
            IGBOT_LOG_FORMAT="json",
            IGBOT_ACCESS_TOKEN="EAAproduction",
            IGBOT_TEST_ACCESS_TOKEN=TOKEN,
            IGBOT_ACCOUNT_ID="17841499999999999",
            IGBOT_TEST_ACCOUNT_ID=f"{ACCOUNT},{PAGE}",
        )
        await town.delivered(town.sandbox.customer_does(ANA, text="hello"))
        await town.delivered(town.sandbox.customer_does(BEN, text="human"))
        await eventually(town.settled)
        assert town.received(ANA) == ["You wrote: hello"]
        assert await process.end() == 0
        assert [line["event"] for line in process.lines() if line.get("test") is not True] == []
        for table in ("inbox", "message", "outbox", "conversation"):
            assert {row["test"] for row in await town.rows(f"SELECT test FROM {table}")} == {True}, table


async def test_no_secret_and_no_customers_word_is_in_the_log(database_url: str, tmp_path: Path) -> None:
    """Whatever goes wrong, production's log has neither tokens nor what customers write."""
    async with open_town(database_url, tmp_path) as town:
        process = await town.start()
        fault = ErrorFault(code=2, status=500, message=f"Bad access_token={TOKEN} in call")
        town.sandbox.faults.add([FaultRule(match=Match(route="send"), times=1, fault=fault)])
        await town.delivered(town.sandbox.customer_does(ANA, text="my word is xyzzy"))
        town.wire.cut()
        await eventually(town.settled)
        assert town.received(ANA) == ["You wrote: my word is xyzzy"]
        assert await process.end() == 0
        log = process.log.read_text(encoding="utf-8")
        assert "send_failed" in log
        password = urlsplit(database_url).password or "there is none"
        for secret in (TOKEN, SECRET, KEY, password, "xyzzy", "sha256="):
            assert secret not in log


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="processes cannot share a port here")
async def test_workers_share_the_port_and_one_that_dies_is_replaced(database_url: str, tmp_path: Path) -> None:
    """`--workers 2` is two processes; a killed one comes again, and with the first one both end."""

    async def pids() -> set[int]:
        return {row["pid"] for row in await town.rows("SELECT pid FROM process")}

    async def others() -> set[int]:
        found = await pids()
        return found - {leader.popen.pid} if len(found) == 2 else set()

    async with open_town(database_url, tmp_path) as town:
        leader = await town.start("--workers", "2")
        [killed] = await eventually(others)
        os.kill(killed, signal.SIGKILL)

        async def replaced() -> bool:
            return bool(await others() - {killed})

        await eventually(replaced)
        did = [town.sandbox.customer_does(f"93{number:014d}", text=f"number {number}") for number in range(20)]
        await asyncio.gather(*(town.delivered(each) for each in did))
        await eventually(town.settled)
        assert [town.received(f"93{number:014d}") for number in range(20)] == [
            [f"You wrote: number {n}"] for n in range(20)
        ]
        assert await leader.end() == 0
        assert await pids() == set()
        assert town.errors() == ["worker_lost"]
