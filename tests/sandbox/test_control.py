"""The sandbox's own routes: customers, settings, and what they refuse."""

import json

import pytest

from tests.sandbox.conftest import Open
from tests.sandbox.playing import ANA, SECRET, TOKEN, Bot, Client, settings


async def test_a_customer_writes_and_the_bots_answer_is_told(open_sandbox: Open, bot: Bot) -> None:
    """The bot gets a signed webhook; mid and HTTP status come back; a 503 is told and not repeated."""
    client = await open_sandbox(webhook_url=bot.url)
    status, content = await client.control("POST", f"/customers/{ANA}/messages", {"text": "how much is shipping?"})
    assert (status, content["status"], content["error"]) == (200, 200, None)
    assert bot.items[0]["message"] == {"mid": content["mid"], "text": "how much is shipping?"}
    bot.statuses = [503]
    _, content = await client.control("POST", f"/customers/{ANA}/messages", {"kind": "reaction", "about": "m"})
    assert (content["mid"], content["status"]) == (None, 503)
    assert len(bot.bodies) == 2


async def test_the_same_message_can_be_delivered_again(open_sandbox: Open, bot: Bot) -> None:
    """With `mid` and `at` given, Meta's duplicates can be played: the items are equal, the conversation has one."""
    client = await open_sandbox(webhook_url=bot.url)
    body = {"text": "hi", "mid": "m_1", "at": "2026-09-01T10:00:00Z"}
    for _ in range(2):
        await client.control("POST", f"/customers/{ANA}/messages", body)
    assert bot.items[0] == bot.items[1]
    thread = client.sandbox.threads.of(ANA)
    assert thread is not None
    assert len(thread.messages) == 1


async def test_a_customer_can_be_told_of_without_a_webhook(open_sandbox: Open, bot: Bot) -> None:
    """`deliver: false` is for whoever posts webhooks with a client of their own."""
    client = await open_sandbox(webhook_url=bot.url, strict=True)
    await client.control("POST", f"/customers/{ANA}/messages", {"text": "hi", "deliver": False})
    assert bot.bodies == []
    await client.send(ANA, "Hello.")


async def test_a_bot_that_is_not_there_is_said_so(open_sandbox: Open, bot: Bot) -> None:
    """No answer is no status, and a word on why; without an URL too."""
    client = await open_sandbox()
    _, content = await client.control("POST", f"/customers/{ANA}/messages", {"text": "hi"})
    assert (content["status"], content["error"]) == (None, "no webhook_url")
    client.sandbox.configure(webhook_url="http://127.0.0.1:9/webhook")
    _, content = await client.control("POST", f"/customers/{ANA}/messages", {"text": "hi"})
    assert (content["status"], content["error"]) == (None, "ClientConnectorError")


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "telegram"}, {"kind": "reaction"}, {"txt": "hi"}, {"text": 5}, {"at": "yesterday"}, {"at": "0001-01-01"}],
)
async def test_a_customer_cannot_do_the_impossible(client: Client, wrong: dict[str, object]) -> None:
    """What is misspelt or has no such shape is a 400 with the reason."""
    status, content = await client.control("POST", f"/customers/{ANA}/messages", wrong)
    assert status == 400
    assert content["error"]


async def test_settings_change_while_it_runs(client: Client, bot: Bot) -> None:
    """What is named changes, the rest stays, and secrets are never shown."""
    change = {"webhook_url": bot.url, "echo": "never", "window_seconds": 60}
    status, state = await client.control("POST", "/settings", change)
    assert status == 200
    assert (state["settings"]["echo"], state["settings"]["window_seconds"]) == ("never", 60)
    assert state["settings"]["seen"] is True
    assert TOKEN not in json.dumps(state)
    assert SECRET not in json.dumps(state)
    assert TOKEN not in repr(client.sandbox.settings)


@pytest.mark.parametrize("wrong", [{"echo": "loud"}, {"keep": 5}, {"app_secret": "x"}, {"window_seconds": -1}])
async def test_a_setting_that_cannot_change_is_refused(client: Client, wrong: dict[str, object]) -> None:
    """Unknown, fixed and impossible settings are a 400, and nothing changes."""
    before = client.sandbox.settings
    assert (await client.control("POST", "/settings", wrong))[0] == 400
    assert client.sandbox.settings is before


async def test_only_json_may_change_anything(client: Client) -> None:
    """A web page cannot make a browser post to the sandbox: other content types are a 415."""
    for path in ("/faults", "/settings", f"/customers/{ANA}/messages", f"/customers/{ANA}/person"):
        answer = await client.http.post(f"/sandbox{path}", data="[]", headers={"Content-Type": "text/plain"})
        assert answer.status == 415


def test_impossible_settings_are_refused_at_the_start() -> None:
    """A sandbox without an account, with a strange echo or without memory does not come to be."""
    for wrong in ({"account_ids": ()}, {"echo": "loud"}, {"keep": 0}):
        with pytest.raises(ValueError, match="must be"):
            settings(**wrong)
