"""The bench's Send API: what it answers, and that its record is whole."""

import asyncio
import json
import time

import aiohttp

from bench.graph_endpoint import ACCOUNT_IDS, Answer, GraphEndpoint, Ledger, content_length, open_graph_endpoint, route
from igbot.meta.conversations_api import read_identity
from igbot.meta.events import Igsid
from igbot.meta.outcomes import Sent, classify
from igbot.meta.outgoing import Outgoing
from igbot.meta.sendapi import send_body
from igbot.telemetry.clock import system_clock


def message(igsid: str, text: str) -> bytes:
    """A body as the bot sends it."""
    return json.dumps(send_body(Igsid(igsid), Outgoing(text))).encode()


def test_a_message_is_answered_as_meta_does_and_kept() -> None:
    """The bot reads the answer as sent, each with a mid of its own; the record has the customer and the words."""
    ledger = Ledger()
    outcomes = [
        classify(*route(ledger, b"POST", b"/v25.0/me/messages", message("91", text)), {}, now=system_clock())
        for text in ("one", "two")
    ]
    assert all(isinstance(each, Sent) for each in outcomes)
    assert len({each.mid for each in outcomes if isinstance(each, Sent)}) == 2
    assert [(igsid, text) for _, igsid, text in ledger.answers] == [("91", "one"), ("91", "two")]


def test_mids_of_two_ledgers_differ() -> None:
    """A bot that meets both never sees one mid twice."""
    assert Ledger().take(message("91", "one"), 0.0) != Ledger().take(message("91", "one"), 0.0)


def test_what_is_no_message_is_refused_and_not_kept() -> None:
    """A broken body gets an error, not a mid."""
    ledger = Ledger()
    for body in (b"", b"{", b"[]", b'{"recipient":{"id":"91"}}'):
        status, said = route(ledger, b"POST", b"/v25.0/me/messages", body)
        assert status == 400
        assert "error" in json.loads(said)
    assert ledger.answers == []


def test_the_token_check_finds_the_accounts_ids() -> None:
    """`/me` names both ids, so that a bot set up for them confirms its token."""
    status, said = route(Ledger(), b"GET", b"/v25.0/me?fields=id,user_id,username", b"")
    assert status == 200
    assert read_identity(said) == set(ACCOUNT_IDS)


def test_the_length_of_a_body_is_read_in_any_case() -> None:
    """0 where no body is announced, nothing where it comes in chunks."""
    assert content_length(b"POST / HTTP/1.1\r\nCONTENT-length:  12\r\nHost: x") == 12
    assert content_length(b"GET / HTTP/1.1\r\nHost: x") == 0
    assert content_length(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked") is None


async def send(graph: GraphEndpoint, http: aiohttp.ClientSession, text: str) -> int:
    """The status for one message."""
    async with http.post(f"{graph.url}/v25.0/me/messages", data=message("91", text)) as answer:
        return answer.status


async def test_the_process_keeps_what_came_until_it_is_told_to_forget() -> None:
    """Over real connections: everything is counted, in order, with the time it came by the clock of all processes."""
    async with open_graph_endpoint() as graph, aiohttp.ClientSession() as http:
        before = time.monotonic()
        assert [await send(graph, http, text) for text in ("one", "two", "three")] == [200, 200, 200]
        answers = await graph.answers()
        assert await graph.count() == 3
        assert [(each.igsid, each.text) for each in answers] == [("91", "one"), ("91", "two"), ("91", "three")]
        assert before <= answers[0].at <= answers[1].at <= answers[2].at <= time.monotonic()
        await graph.forget()
        assert await graph.answers() == []


async def test_a_request_in_pieces_is_one_request() -> None:
    """Head and body may come byte by byte, and two requests at once."""
    async with open_graph_endpoint() as graph:
        body = message("91", "slowly")
        request = b"POST /v25.0/me/messages HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(graph.url.rpartition(":")[2]))
        for piece in (request[:7], request[7:60], request[60:] + request):
            writer.write(piece)
            await writer.drain()
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"recipient_id" in await reader.readexactly(content_length(head) or 0)
        writer.close()
        assert [each.text for each in await graph.answers()] == ["slowly", "slowly"]


async def test_latency_keeps_the_answer_back_not_the_record() -> None:
    """The call is recorded when it comes; its answer waits."""
    async with open_graph_endpoint(latency=0.05) as graph, aiohttp.ClientSession() as http:
        before = time.monotonic()
        assert await send(graph, http, "one") == 200
        [answer] = await graph.answers()
        assert answer == Answer(answer.at, "91", "one")
        assert answer.at < time.monotonic() - 0.05 + 1e-3
        assert answer.at >= before
