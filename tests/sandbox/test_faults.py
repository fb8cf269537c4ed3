"""Faults on request: each spoils exactly the calls it was asked for, and the record stays true."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientError, ServerDisconnectedError

from igbot.sandbox.faults import FAULT_RULES, Faults
from igbot.sandbox.presets import NAMES, preset
from tests.sandbox.conftest import Open
from tests.sandbox.playing import ANA, BEN, Bot, Client
from tests.waiting import PATIENCE, eventually


async def fail(client: Client, *rules: dict[str, Any]) -> None:
    """Puts faults in force through the control route."""
    status, content = await client.control("POST", "/faults", list(rules))
    assert status == 200, content


async def outcome(client: Client, igsid: str = ANA, text: str = "Hi") -> tuple[int, int | None]:
    """Status and error code of one send; (0, None) for a connection that was cut."""
    try:
        answer = await client.post(igsid, {"text": text})
        content = await answer.json() if answer.content_type == "application/json" else {}
    except ClientError:
        return 0, None
    return answer.status, content.get("error", {}).get("code")


async def test_a_graph_error_is_answered_as_asked(client: Client) -> None:
    """Status, code, subcode, flags and headers are those of the fault; the customer received nothing."""
    fault = {
        "kind": "error",
        "status": 429,
        "code": 613,
        "subcode": 1996,
        "transient": True,
        "headers": {"Retry-After": "7"},
    }
    await fail(client, {"fault": fault, "times": 1})
    answer = await client.post(ANA, {"text": "Hi"})
    error = (await answer.json())["error"]
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert (error["code"], error["error_subcode"], error["is_transient"]) == (613, 1996, True)
    assert client.received() == []
    assert await outcome(client) == (200, None)


async def test_an_error_may_hide_a_delivery(client: Client) -> None:
    """With `accepted` the customer received the message that the answer denies, and the call knows its mid."""
    await fail(client, {"fault": {"kind": "error", "status": 500, "code": 2, "accepted": True}})
    assert await outcome(client) == (500, 2)
    assert client.received() == ["Hi"]
    (call,) = client.sandbox.calls.select()
    assert (call.status, call.fault, call.mid) == (500, "error", next(iter(client.sandbox.accepted.select())).mid)


async def test_what_is_refused_in_any_case_is_not_taken_by_a_fault(client: Client) -> None:
    """The answer is the refusal: that of a token that Meta does not know, not one of a delivery."""
    await fail(client, {"fault": {"kind": "error", "status": 500, "code": 2, "accepted": True}})
    answer = await client.post(ANA, {"text": "Hi"}, token="EAAunknown")
    assert ((await answer.json())["error"]["code"], client.received()) == (190, [])


@pytest.mark.parametrize(("kind", "received"), [("cut_before", []), ("cut_after", ["Hi"])])
async def test_a_cut_connection_gives_no_answer(client: Client, kind: str, received: list[str]) -> None:
    """The client sees its connection die; whether the message was delivered is what the fault says."""
    await fail(client, {"fault": {"kind": kind}, "times": 1})
    with pytest.raises((ServerDisconnectedError, ConnectionResetError)):
        await client.post(ANA, {"text": "Hi"})
    assert client.received() == received
    (call,) = client.sandbox.calls.select()
    assert (call.status, call.fault) == (None, kind)
    assert await outcome(client, text="next") == (200, None)


async def test_no_mid_and_html_are_unreadable_successes_and_failures(client: Client) -> None:
    """A 200 without a mid was delivered all the same; a page of a proxy was not."""
    await fail(client, {"fault": {"kind": "no_mid"}, "times": 1}, {"fault": {"kind": "html"}, "times": 1})
    first = await client.post(ANA, {"text": "one"})
    assert (first.status, await first.json()) == (200, {"recipient_id": ANA})
    second = await client.post(ANA, {"text": "two"})
    assert (second.status, second.content_type) == (502, "text/html")
    assert client.received() == ["one"]


@pytest.mark.parametrize("accepted", [False, True])
async def test_an_answer_of_any_bytes_is_answered_as_asked(client: Client, accepted: bool) -> None:
    """Status, bytes and kind are the fault's own, as long as it says; the customer has the message if it says so."""
    fault = {"kind": "raw", "status": 503, "body": "no\n", "size": 100_000, "content_type": "text/plain"}
    await fail(client, {"fault": fault | {"accepted": accepted}, "times": 1})
    answer = await client.post(ANA, {"text": "Hi"})
    content = await answer.read()
    assert (answer.status, answer.content_type, len(content)) == (503, "text/plain", 100_000)
    assert content.startswith(b"no\nno\n")
    assert client.received() == (["Hi"] if accepted else [])


async def test_an_answer_may_end_in_its_middle(client: Client) -> None:
    """More is announced than comes; then the connection is gone, and the next call goes its usual way."""
    fault = {"kind": "raw", "body": '{"message_id":"m', "cut": True, "accepted": True}
    await fail(client, {"fault": fault, "times": 1})
    answer = await client.post(ANA, {"text": "Hi"})
    with pytest.raises(ClientError):
        await answer.read()
    assert client.received() == ["Hi"]
    (call,) = client.sandbox.calls.select()
    assert (call.status, call.fault) == (None, "raw")
    assert await outcome(client, text="next") == (200, None)


async def test_added_headers_leave_the_answer_as_it_is(client: Client) -> None:
    """Usage figures come with the usual answer."""
    await fail(client, {"fault": {"kind": "headers", "headers": {"X-App-Usage": '{"call_count":97}'}}})
    answer = await client.post(ANA, {"text": "Hi"})
    assert answer.headers["X-App-Usage"] == '{"call_count":97}'
    assert (await answer.json())["message_id"]


@pytest.mark.parametrize(("accepted", "received"), [(False, []), (True, ["Hi"])])
async def test_a_hanging_call_ends_when_the_client_leaves(client: Client, accepted: bool, received: list[str]) -> None:
    """No answer comes within the client's patience, and the server is none the worse."""
    await fail(client, {"fault": {"kind": "hang", "accepted": accepted}, "times": 1})
    calling = asyncio.create_task(client.post(ANA, {"text": "Hi"}))
    await eventually(lambda: client.sandbox.calls.total)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(calling, 0.3)
    assert client.received() == received
    assert await outcome(client, text="next") == (200, None)


async def test_a_server_stops_while_a_call_hangs(open_sandbox: Open) -> None:
    """Closing the server lets hanging calls go at once."""
    client = await open_sandbox()
    await fail(client, {"fault": {"kind": "hang", "accepted": True}})
    hanging = asyncio.create_task(outcome(client))
    await eventually(client.received)
    await asyncio.wait_for(client.http.server.close(), PATIENCE)
    assert await hanging == (0, None)


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_slow_answer_is_the_usual_one(client: Client, accepted: bool) -> None:
    """A delay changes only when the answer comes, and on which side of the delivery it lies."""
    await fail(client, {"fault": {"kind": "delay", "seconds": 0.2, "accepted": accepted}})
    sending = asyncio.create_task(outcome(client))
    await eventually(lambda: client.sandbox.calls.total)
    assert client.received() == (["Hi"] if accepted else [])
    assert await sending == (200, None)
    assert client.received() == ["Hi"]


async def test_a_fault_strikes_only_what_it_matches_and_so_often(client: Client) -> None:
    """Customer, part of the text and route narrow a fault; after its times it is gone; the first that fits wins."""
    await fail(
        client,
        {"match": {"igsid": ANA}, "times": 2, "fault": {"kind": "error", "code": 551}},
        {"match": {"text": "parcel"}, "times": 1, "fault": {"kind": "error", "code": 100}},
        {"match": {"route": "me"}, "fault": {"kind": "error", "code": 190, "status": 401}},
    )
    codes = [(await outcome(client, igsid, text))[1] for igsid, text in [(ANA, "your parcel"), (BEN, "your parcel")]]
    assert codes == [551, 100]
    assert [(await outcome(client, BEN, "your parcel"))[1], (await outcome(client))[1]] == [None, 551]
    assert (await outcome(client))[1] is None
    assert (await client.read("/me"))[0] == 401
    status, standing = await client.control("GET", "/faults")
    assert (status, standing["struck"], len(standing["faults"])) == (200, 4, 1)
    await client.control("DELETE", "/faults")
    assert (await client.read("/me"))[0] == 200


def test_chance_is_the_same_for_the_same_seed() -> None:
    """A fault with a probability strikes about that often, and in the same places in every run."""

    def strikes(seed: int) -> list[bool]:
        faults = Faults()
        fault = {"kind": "cut_before"}
        faults.add(FAULT_RULES.validate_python([{"probability": 0.3, "seed": seed, "fault": fault}]))
        return [faults.choose(route="send", igsid=ANA, text="Hi") is not None for _ in range(1000)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 200 < sum(strikes(1)) < 400


@pytest.mark.parametrize("name", NAMES)
async def test_every_preset_strikes_once_and_is_survived(client: Client, name: str) -> None:
    """A named fault spoils one send and the next one passes; slow ones wait for nobody here."""
    rule = preset(name, times=1)
    if name in ("slow", "hang"):
        rule = rule.model_copy(update={"fault": rule.fault.model_copy(update={"seconds": 0.01})})
    client.sandbox.faults.add([rule])
    first = await outcome(client, text="first")
    assert (first == (200, None)) == (name in ("slow", "usage", "no-mid"))
    assert await outcome(client, text="second") == (200, None)
    assert client.received()[-1] == "second"


async def test_a_preset_can_be_asked_for_by_name(client: Client) -> None:
    """The control route knows the names of the command line."""
    await fail(client, {"preset": "window", "times": 1, "match": {"igsid": BEN}})
    assert await outcome(client, ANA) == (200, None)
    assert await outcome(client, BEN) == (403, 10)
    status, content = await client.control("POST", "/faults", [{"preset": "earthquake"}])
    assert status == 400
    assert "rate-limit" in content["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [{"fault": {"kind": "flood"}}],
        [{"fault": {"kind": "delay", "seconds": -1}}],
        [{"fault": {"kind": "error"}}],
        [{"fault": {"kind": "hang"}, "times": 0}],
        [{"fault": {"kind": "hang"}, "match": {"colour": "red"}}],
        [{"fault": {"kind": "html", "status": 999}}],
    ],
)
async def test_a_fault_that_cannot_be_is_refused(client: Client, wrong: object) -> None:
    """A misspelt fault is a 400 that says where, and nothing is put in force."""
    status, content = await client.control("POST", "/faults", wrong)
    assert status == 400
    assert content["error"]
    assert client.sandbox.faults.in_force() == []


async def test_an_accepted_message_is_echoed_whatever_became_of_its_answer(open_sandbox: Open, bot: Bot) -> None:
    """The echo of a message whose answer was cut, denied or never came is what lets the bot find out."""
    client = await open_sandbox(webhook_url=bot.url, seen=False)
    await fail(
        client,
        {"fault": {"kind": "cut_after"}, "times": 1},
        {"fault": {"kind": "error", "status": 500, "code": 1, "accepted": True}, "times": 1},
        {"fault": {"kind": "no_mid"}, "times": 1},
        {"fault": {"kind": "cut_before"}, "times": 1},
    )
    for text in ("cut", "denied", "no mid", "never sent"):
        await outcome(client, text=text)
    await client.sandbox.postback.settled()
    assert bot.echoes() == ["cut", "denied", "no mid"]
