"""One call of Meta's Graph API, one outcome: what goes out, and what each way of failing means."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from aioresponses import aioresponses
from yarl import URL

from igbot.accounts.graph_reads import MOST_BYTES
from igbot.meta.conversations_api import SentMessage
from igbot.meta.events import Attachment, Igsid, Mid
from igbot.meta.outcomes import Halted, Refused, Retry, Sent, Unknown, Wait
from igbot.meta.outgoing import Outgoing, QuickReply
from igbot.outbox.graph import GraphClient, LookUp
from tests.answering.talking import ANA, START

HOST = "https://graph.example"
SEND = f"{HOST}/v25.0/me/messages"
TOKEN = "EAAunit"
CUSTOMER = Igsid(ANA)
HELLO = Outgoing("Hi!", (QuickReply("Red", "RED"),))
Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[GraphClient]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The process's session."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def graph(session: aiohttp.ClientSession) -> GraphClient:
    """A client of a host that `answers` plays."""
    return GraphClient(session, url=f"{HOST}/", version="v25.0", clock=lambda: START)


@pytest.fixture
async def serve(session: aiohttp.ClientSession) -> AsyncIterator[Serve]:
    """A client of a real server on loopback whose every answer a function gives."""
    servers: list[TestServer] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> GraphClient:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return GraphClient(session, url=str(servers[-1].make_url("")), version="v25.0", clock=lambda: START)

    yield start
    for server in servers:
        await server.close()


async def test_a_call_has_metas_form(graph: GraphClient, answers: aioresponses) -> None:
    """The token as a bearer header and nowhere else, the message as JSON, no redirect followed."""
    answers.post(SEND, payload={"recipient_id": ANA, "message_id": "mid-1"})
    assert (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome == Sent(Mid("mid-1"))
    [call] = answers.requests["POST", URL(SEND)]
    assert call.kwargs["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert call.kwargs["allow_redirects"] is False
    sent = json.loads(call.kwargs["data"])
    assert sent["recipient"] == {"id": ANA}
    assert sent["message"] == {
        "text": "Hi!",
        "quick_replies": [{"content_type": "text", "title": "Red", "payload": "RED"}],
    }
    assert TOKEN not in call.kwargs["data"].decode()


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (500, {"code": 1}, Unknown),
        (400, {"code": 190}, Halted),
        (400, {"code": 613}, Wait),
        (400, {"code": 10, "error_subcode": 2534022}, Refused),
        (400, {"code": 100, "error_subcode": 2534014}, Refused),
    ],
)
async def test_an_error_is_read_by_the_error_table(
    graph: GraphClient, answers: aioresponses, status: int, error: dict[str, int], kind: type
) -> None:
    """Code and subcode decide."""
    answers.post(SEND, status=status, payload={"error": {"message": "no", "type": "OAuthException", **error}})
    assert isinstance((await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome, kind)


async def test_a_wait_that_meta_names_is_kept(graph: GraphClient, answers: aioresponses) -> None:
    """`Retry-After` in seconds."""
    answers.post(SEND, status=429, headers={"Retry-After": "77"}, body="slow down")
    outcome = (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome
    assert isinstance(outcome, Wait)
    assert outcome.seconds == 77


@pytest.mark.parametrize(
    "failure",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError(),
        aiohttp.ClientOSError(104, "reset"),
        ConnectionResetError(),
        TimeoutError(),
        aiohttp.ServerTimeoutError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_call_that_brings_nothing_back_may_have_been_sent(
    graph: GraphClient, answers: aioresponses, failure: Exception
) -> None:
    """Once the connection stood, nobody knows."""
    answers.post(SEND, exception=failure)
    outcome = (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome
    assert isinstance(outcome, Unknown)
    assert not outcome.answered


@pytest.mark.parametrize(
    "failure",
    [
        aiohttp.ClientConnectorError(None, OSError(111, "refused")),  # type: ignore[arg-type]  # the key is for its text
        aiohttp.ClientConnectorCertificateError(None, ssl.CertificateError("no")),  # type: ignore[arg-type]
        aiohttp.ConnectionTimeoutError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_call_that_never_left_was_surely_not_sent(
    graph: GraphClient, answers: aioresponses, failure: Exception
) -> None:
    """No connection, no message; it is not even an attempt."""
    answers.post(SEND, exception=failure)
    sent = (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome
    assert sent is None or isinstance(sent, Retry)


async def test_a_redirect_is_not_followed(graph: GraphClient, answers: aioresponses) -> None:
    """The token goes to no other host."""
    answers.post(SEND, status=302, headers={"Location": "https://elsewhere.example/"})
    await graph.send(CUSTOMER, HELLO, token=TOKEN)
    assert len(answers.requests) == 1


@pytest.mark.parametrize("body", ["", "{}", "<html>", '{"recipient_id": "1"}', '{"message_id": ""}'])
async def test_a_success_without_a_mid_is_no_answer(graph: GraphClient, answers: aioresponses, body: str) -> None:
    """Contract §8."""
    answers.post(SEND, status=200, body=body)
    outcome = (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome
    assert isinstance(outcome, Unknown)
    assert not outcome.answered


async def test_a_look_up_lists_what_meta_has(graph: GraphClient, answers: aioresponses) -> None:
    """The newest messages of the conversation, by either side."""
    found = {
        "data": [
            {
                "id": "t1",
                "messages": {
                    "data": [
                        {
                            "id": "mid-1",
                            "created_time": "2026-09-01T10:11:12+0000",
                            "from": {"id": "us"},
                            "message": "Hi!",
                        }
                    ]
                },
            }
        ]
    }
    answers.get(
        f"{HOST}/v25.0/me/conversations?platform=instagram&user_id={ANA}"
        "&fields=messages.limit(20)%7Bid,created_time,from,message%7D",
        payload=found,
    )
    assert await graph.look_up(CUSTOMER, token=TOKEN) == LookUp(
        [SentMessage(Mid("mid-1"), START.replace(microsecond=0), "us", "Hi!")]
    )


async def test_a_look_up_asks_for_attachments_only_where_they_matter(graph: GraphClient, answers: aioresponses) -> None:
    """A field that Meta may refuse one day must not cost the look-ups for words."""
    fields = "messages.limit(20)%7Bid,created_time,from,message,attachments%7D"
    told = {"id": "mid-1", "created_time": "2026-09-01T10:11:12+0000", "from": {"id": "us"}, "message": ""}
    told |= {"attachments": {"data": [{"image_data": {"url": "https://cdn.example/1"}}]}}
    answers.get(
        f"{HOST}/v25.0/me/conversations?platform=instagram&user_id={ANA}&fields={fields}",
        payload={"data": [{"id": "t1", "messages": {"data": [told]}}]},
    )
    [found] = (await graph.look_up(CUSTOMER, token=TOKEN, with_attachments=True)).messages or []
    assert found.attachments == (Attachment("image", "https://cdn.example/1"),)


async def test_showing_typing_is_a_call_whose_end_is_no_matter(graph: GraphClient, answers: aioresponses) -> None:
    """A refusal, a cut, a timeout: nobody hears of it."""
    answers.post(SEND, payload={"recipient_id": ANA})
    answers.post(SEND, status=400, payload={"error": {"code": 190}})
    for failure in (aiohttp.ServerDisconnectedError(), TimeoutError(), ConnectionResetError()):
        answers.post(SEND, exception=failure)
    for _ in range(5):
        await graph.show_typing(CUSTOMER, token=TOKEN)
    calls = answers.requests["POST", URL(SEND)]
    assert [json.loads(call.kwargs["data"]) for call in calls] == [
        {"recipient": {"id": ANA}, "sender_action": "typing_on"}
    ] * 5
    assert calls[0].kwargs["headers"]["Authorization"] == f"Bearer {TOKEN}"


async def test_a_look_up_that_says_nothing_is_not_an_empty_one(serve: Serve) -> None:
    """An error, a page, silence: None. An empty list is an answer, and so is a refusal, though it tells nothing."""
    given = [
        web.json_response({"error": {"code": 190}}, status=401),
        web.json_response({"error": {"code": 2}}, status=500),
        web.json_response({"error": {"code": 4}}, status=400),
        web.json_response({"error": {"code": 4}}),
        web.Response(text="<html>"),
        web.json_response({"data": []}),
    ]

    async def answer(_request: web.Request) -> web.Response:
        return given.pop(0)

    graph = await serve(answer)
    found = [await graph.look_up(CUSTOMER, token=TOKEN) for _ in range(6)]
    assert [each.messages for each in found] == [None, None, None, None, None, []]
    assert [type(each.refusal) for each in found] == [Halted, type(None), Wait, Wait, type(None), type(None)]
    nowhere = GraphClient(graph._session, url=f"http://127.0.0.1:{unused_port()}", version="v25.0", clock=lambda: START)
    assert await nowhere.look_up(CUSTOMER, token=TOKEN) == LookUp(None)


async def test_an_answer_in_pieces_is_read_whole(serve: Serve) -> None:
    """More than one read brings."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text='{"message_id": "mid-1"' + " " * 200_000 + "}")

    graph = await serve(answer)
    assert (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome == Sent(Mid("mid-1"))


async def test_an_endless_answer_is_left(serve: Serve) -> None:
    """No answer of Meta's is that long: it counts as one that cannot be read."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(4 * MOST_BYTES // 65536):
                await response.write(b" " * 65536)
        except ConnectionError:
            pass
        return response

    graph = await serve(answer)
    outcome = (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome
    assert isinstance(outcome, Unknown)
    assert not outcome.answered


async def test_nobody_listens_so_the_call_never_left(session: aiohttp.ClientSession) -> None:
    """On a real socket: a refused connection."""
    graph = GraphClient(session, url=f"http://127.0.0.1:{unused_port()}", version="v25.0", clock=lambda: START)
    assert (await graph.send(CUSTOMER, HELLO, token=TOKEN)).outcome is None


async def test_the_identity_of_a_token_is_asked_for_again_when_meta_stumbles(serve: Serve) -> None:
    """One short second try; then what it said last."""
    given = [web.Response(status=503), web.json_response({"id": "1", "user_id": "2"}), web.Response(status=400)]

    async def answer(_request: web.Request) -> web.Response:
        return given.pop(0)

    graph = await serve(answer)
    assert await graph.identity(token=TOKEN) == (200, {"1", "2"})
    assert await graph.identity(token=TOKEN) == (400, set())
