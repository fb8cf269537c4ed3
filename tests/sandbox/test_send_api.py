"""`POST /{id}/messages` over HTTP: tokens, recipients, the window, and the record of what was received."""

import asyncio

import pytest

from igbot.sandbox.faults import ErrorFault, FaultRule, Match, NoMidFault
from tests.sandbox.conftest import Hands, Open
from tests.sandbox.playing import ACCOUNT, ANA, BEN, PAGE, TOKEN, Client


async def test_an_accepted_message_is_answered_and_recorded(client: Client, clock: Hands) -> None:
    """The answer has recipient and mid, and the record says exactly what the customer received."""
    quick = {"content_type": "text", "title": "Hours", "payload": "HOURS"}
    answer = await client.post(ANA, {"text": "Yes, 3 left. ä", "quick_replies": [quick]})
    content = await answer.json()
    assert answer.status == 200
    assert answer.content_type == "application/json"
    status, record = await client.control("GET", "/messages")
    assert (status, record["total"]) == (200, 1)
    assert record["messages"] == [
        {
            "number": 1,
            "mid": content["message_id"],
            "account": ACCOUNT,
            "igsid": ANA,
            "text": "Yes, 3 left. ä",
            "quick_replies": [quick],
            "buttons": [],
            "attachments": [],
            "at": "2026-09-01T10:11:12.345Z",
        }
    ]


@pytest.mark.parametrize("path", ["/me/messages", f"/v25.0/{ACCOUNT}/messages", f"/v26.0/{PAGE}/messages"])
async def test_every_id_of_the_account_may_send(client: Client, path: str) -> None:
    """`me` and all own ids name the account, with or without a version."""
    assert (await client.post(ANA, {"text": "Hi"}, path=path)).status == 200


async def test_a_foreign_account_id_does_not_exist(client: Client) -> None:
    """Sending from an id that is not ours is Meta's 100/33."""
    answer = await client.post(ANA, {"text": "Hi"}, path="/v25.0/17841499999999999/messages")
    error = (await answer.json())["error"]
    assert (answer.status, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert error["fbtrace_id"]


@pytest.mark.parametrize(("token", "code"), [("wrong", 190), ("ÿ", 190), (None, 104)])
async def test_a_wrong_token_sends_nothing(client: Client, token: str | None, code: int) -> None:
    """Without a valid token nothing is accepted, and the answer is Meta's 401."""
    answer = await client.post(ANA, {"text": "Hi"}, token=token)
    assert (answer.status, (await answer.json())["error"]["code"]) == (401, code)
    assert client.received() == []


@pytest.mark.parametrize("where", ["query", "body"])
async def test_the_token_may_be_a_parameter(client: Client, where: str) -> None:
    """Meta also takes the token as `access_token`."""
    body = {"recipient": {"id": ANA}, "message": {"text": "Hi"}}
    if where == "body":
        body["access_token"] = TOKEN  # type: ignore[assignment]
    params = {"access_token": TOKEN} if where == "query" else {}
    answer = await client.http.post("/v25.0/me/messages", params=params, json=body)
    assert answer.status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b'"x"', b"null"])
async def test_a_body_that_is_no_message_is_code_100(client: Client, body: bytes) -> None:
    """Unreadable bodies are refused like wrong ones, however deep they are nested."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = await client.http.post("/v25.0/me/messages", data=body, headers=headers)
    assert (answer.status, (await answer.json())["error"]["code"]) == (400, 100)


async def test_refusals_are_not_recorded_as_received(client: Client) -> None:
    """What Meta refuses no customer receives, but the call is on the list with its code."""
    assert await client.refused(ANA, {"text": "x" * 1001}) == (100, None)
    assert client.received() == []
    _, record = await client.control("GET", "/calls")
    (call,) = record["calls"]
    assert (call["route"], call["igsid"], call["status"], call["code"], call["mid"]) == ("send", ANA, 400, 100, None)


async def test_a_sender_action_is_answered_without_a_mid(client: Client) -> None:
    """Typing reaches nobody's inbox; the call is on the list as what it is, and no fault of sends is for it."""
    client.sandbox.faults.add([FaultRule(match=Match(route="send"), fault=NoMidFault())])
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"recipient": {"id": ANA}, "sender_action": "typing_on"}
    answer = await client.http.post("/v25.0/me/messages", json=body, headers=headers)
    assert await answer.json() == {"recipient_id": ANA}
    assert client.received() == []
    _, record = await client.control("GET", "/calls")
    (call,) = record["calls"]
    assert (call["route"], call["igsid"], call["status"], call["fault"]) == ("action", ANA, 200, None)


async def test_buttons_and_attachments_are_recorded(client: Client) -> None:
    """With the words of a template as the customer reads them, and the media's own address."""
    button = {"type": "web_url", "url": "https://shop.example/m", "title": "Buy"}
    card = {"title": "Red mug", "subtitle": "9 EUR", "buttons": [button]}
    image = {"type": "image", "payload": {"url": "https://shop.example/m.jpg"}}
    templates = [
        {"template_type": "button", "text": "Choose", "buttons": [button]},
        {"template_type": "generic", "elements": [card, card]},
    ]
    for payload in templates:
        assert (await client.post(ANA, {"attachment": {"type": "template", "payload": payload}})).status == 200
    assert (await client.post(ANA, {"attachment": image})).status == 200
    _, record = await client.control("GET", "/messages")
    shown = [(each["text"], each["buttons"]) for each in record["messages"]]
    assert shown == [("Choose", [button]), ("Red mug", [button, button]), (None, [])]
    assert record["messages"][2]["attachments"] == [image]


async def test_a_fault_finds_the_words_of_a_template(client: Client) -> None:
    """As it finds those of a text."""
    client.sandbox.faults.add([FaultRule(match=Match(text="Choose"), fault=ErrorFault(code=613))])
    payload = {
        "template_type": "button",
        "text": "Choose",
        "buttons": [{"type": "postback", "title": "A", "payload": "A"}],
    }
    assert await client.refused(ANA, {"attachment": {"type": "template", "payload": payload}}) == (613, None)


async def test_customers_never_seen_are_accepted_unless_it_is_strict(client: Client, open_sandbox: Open) -> None:
    """Whoever posts webhooks with another client need not tell the sandbox; a strict one wants to have been told."""
    await client.send(ANA, "Hi")
    strict = await open_sandbox(strict=True)
    assert await strict.refused(ANA, {"text": "Hi"}) == (100, 2534014)
    strict.sandbox.customer_does(ANA, text="hello")
    await strict.send(ANA, "Hi")


async def test_the_account_cannot_write_to_itself(client: Client) -> None:
    """Own ids are no customers."""
    assert await client.refused(ACCOUNT, {"text": "Hi"}) == (100, 2534014)


async def test_the_window_closes_a_day_after_the_customers_last_message(client: Client, clock: Hands) -> None:
    """Up to 24 hours sends pass, then 10/2534022, until the customer writes again."""
    client.sandbox.customer_does(ANA, text="hello")
    clock.forward(hours=24)
    await client.send(ANA, "in time")
    clock.forward(seconds=1)
    assert await client.refused(ANA, {"text": "late"}) == (10, 2534022)
    client.sandbox.customer_does(ANA, kind="reaction", about="m")
    assert await client.refused(ANA, {"text": "a reaction opens nothing"}) == (10, 2534022)
    client.sandbox.customer_does(ANA, kind="postback", text="Menu", payload="MENU")
    await client.send(ANA, "again")
    assert client.received(ANA) == ["in time", "again"]


async def test_the_window_counts_from_the_event_and_not_from_its_telling(client: Client, clock: Hands) -> None:
    """A message of two days ago that is told now opens nothing; a person still has seven days."""
    two_days_ago = clock.now.replace(day=30, month=8)
    client.sandbox.customer_does(ANA, text="hello", at=two_days_ago)
    assert await client.refused(ANA, {"text": "Hi"}) == (10, 2534022)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {
        "recipient": {"id": ANA},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "message": {"text": "Sorry for the wait"},
    }
    assert (await client.http.post("/v25.0/me/messages", json=body, headers=headers)).status == 200


async def test_no_two_messages_share_a_mid(client: Client, open_sandbox: Open) -> None:
    """Parallel sends, and those of another sandbox for the same bot, all get mids of their own, in record order."""
    other = await open_sandbox()
    texts = [f"message {number}" for number in range(100)]
    mids = await asyncio.gather(*(client.send(ANA if number % 2 else BEN, text) for number, text in enumerate(texts)))
    others = [await other.send(ANA, "Hi") for _ in range(3)]
    assert len({*mids, *others}) == 103
    assert sorted(text or "" for text in client.received()) == sorted(texts)
    assert [message.number for message in client.sandbox.accepted.select()] == list(range(1, 101))
    assert len(client.received(ANA)) == len(client.received(BEN)) == 50


async def test_the_record_can_be_read_on_from_where_it_was(client: Client) -> None:
    """`after` gives only what is new, of all customers or of one."""
    for number in range(4):
        await client.send(ANA if number % 2 else BEN, str(number))
    _, rest = await client.control("GET", "/messages?after=2")
    assert [each["text"] for each in rest["messages"]] == ["2", "3"]
    _, rest = await client.control("GET", f"/messages?after=2&igsid={BEN}")
    assert [each["text"] for each in rest["messages"]] == ["2"]
    assert (await client.control("GET", "/messages?after=x"))[0] == 400


async def test_memory_can_be_bounded(open_sandbox: Open) -> None:
    """With `keep` only the newest messages, calls and conversations stay, and all counts stay right."""
    client = await open_sandbox(keep=3)
    for number in range(6):
        await client.send(f"900000000000000{number}", str(number))
    assert client.received() == ["3", "4", "5"]
    assert client.received("9000000000000002") == []
    assert client.received("9000000000000005") == ["5"]
    _, state = await client.control("GET", "/state")
    assert (state["messages"], state["calls"], state["conversations"]) == (6, 6, 3)
    _, rest = await client.control("GET", "/messages?after=4")
    assert [each["text"] for each in rest["messages"]] == ["4", "5"]
    assert len((await client.control("GET", "/calls"))[1]["calls"]) == 3
