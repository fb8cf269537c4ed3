"""Reading calls: the account, its token, profiles, conversations, subscriptions."""

import json

import pytest

from igbot.meta.conversations_api import read_messages
from igbot.meta.events import Attachment
from igbot.sandbox.customer import MEDIA_URL
from tests.sandbox.conftest import Hands, Open
from tests.sandbox.playing import ACCOUNT, ANA, BEN, PAGE, SECRET, TOKEN, Client

NEWEST = "messages.limit(20){id,created_time,from,message}"


async def test_me_names_the_account_for_both_login_flavours(client: Client) -> None:
    """`user_id` and `id` are ids of ours; a field that does not exist is refused."""
    assert await client.read("/me", fields="user_id,username") == (
        200,
        {"user_id": ACCOUNT, "username": "sandbox_shop", "id": PAGE},
    )
    assert await client.read("/me", fields="id,name") == (200, {"id": PAGE, "name": "Sandbox shop"})
    status, content = await client.read("/me", fields="shoe_size")
    assert (status, content["error"]["code"]) == (400, 100)


async def test_reading_needs_a_token(client: Client) -> None:
    """Every look-up without a valid token is a 401."""
    for path in ("/me", f"/{ANA}", "/me/conversations", "/me/subscribed_apps"):
        answer = await client.http.get(f"/v25.0{path}", headers={"Authorization": "Bearer wrong"})
        assert (answer.status, (await answer.json())["error"]["code"]) == (401, 190)


async def test_one_call_finds_what_was_sent(client: Client, clock: Hands) -> None:
    """The conversation of a customer shows both sides, newest first, with whole seconds."""
    wrote = client.sandbox.customer_does(ANA, text="In stock?")
    clock.forward(seconds=2)
    mid = await client.send(ANA, "Yes.")
    params = {"platform": "instagram", "user_id": ANA, "fields": NEWEST}
    _, found = await client.read("/me/conversations", **params)
    (conversation,) = found["data"]
    assert conversation["messages"]["data"] == [
        {
            "id": mid,
            "created_time": "2026-09-01T10:11:14+0000",
            "from": {"id": ACCOUNT, "username": "sandbox_shop"},
            "message": "Yes.",
        },
        {
            "id": wrote.mid,
            "created_time": "2026-09-01T10:11:12+0000",
            "from": {"id": ANA, "username": "customer_00000001"},
            "message": "In stock?",
        },
    ]


async def test_attachments_and_templates_are_told_where_they_are_asked_for(client: Client) -> None:
    """Media at an address of Meta's own, a template by its words; neither has a text."""
    buttons = [{"type": "postback", "title": "Agent", "payload": "HUMAN"}]
    payload = {"template_type": "button", "text": "Choose", "buttons": buttons}
    await client.post(ANA, {"attachment": {"type": "template", "payload": payload}})
    for type_ in ("image", "video", "audio"):
        await client.post(ANA, {"attachment": {"type": type_, "payload": {"url": "https://shop.example/a"}}})
    params = {"platform": "instagram", "user_id": ANA}
    _, found = await client.read(
        "/me/conversations", **params, fields=NEWEST.replace("message}", "message,attachments}")
    )
    told = read_messages(json.dumps(found).encode())
    assert [(each.text, each.attachments) for each in reversed(told)] == [
        ("", (Attachment("template", None, "Choose"),)),
        *(("", (Attachment(type_, MEDIA_URL),)) for type_ in ("image", "video", "audio")),
    ]
    _, found = await client.read("/me/conversations", **params, fields=NEWEST)
    assert all(not each.attachments for each in read_messages(json.dumps(found).encode()))


async def test_the_three_step_way_finds_it_too(client: Client) -> None:
    """Conversation id, then message ids, then one message's details."""
    mid = await client.send(ANA, "Yes.")
    _, found = await client.read("/me/conversations", platform="instagram", user_id=ANA)
    _, listed = await client.read(f"/{found['data'][0]['id']}", fields="messages")
    assert [each["id"] for each in listed["messages"]["data"]] == [mid]
    status, message = await client.read(f"/{mid}", fields="id,created_time,from,to,message,reply_to")
    assert status == 200
    assert (message["message"], message["from"]["id"], message["to"]["data"][0]["id"]) == ("Yes.", ACCOUNT, ANA)


async def test_only_the_twenty_newest_messages_have_details(client: Client) -> None:
    """An older mid is gone for look-ups, as at Meta, while the sandbox's own record keeps it."""
    mids = [await client.send(ANA, str(number)) for number in range(25)]
    params = {"platform": "instagram", "user_id": ANA, "fields": NEWEST.replace("20", "100")}
    _, found = await client.read("/me/conversations", **params)
    texts = [each["message"] for each in found["data"][0]["messages"]["data"]]
    assert texts == [str(number) for number in range(24, 4, -1)]
    status, content = await client.read(f"/{mids[0]}", fields="message")
    assert (status, content["error"]["code"], content["error"]["error_subcode"]) == (400, 100, 33)
    assert len(client.received(ANA)) == 25


async def test_a_conversation_nobody_had_is_an_empty_list(client: Client) -> None:
    """No conversation, or another platform: no data, no error. All conversations: the last changed first."""
    await client.send(ANA, "Hi")
    await client.send(BEN, "Hi")
    assert await client.read("/me/conversations", platform="instagram", user_id="1") == (200, {"data": []})
    assert await client.read("/me/conversations", user_id=ANA) == (200, {"data": []})
    await client.send(ANA, "Hi again")
    _, found = await client.read("/me/conversations", platform="instagram", fields="participants")
    assert [each["participants"]["data"][1]["id"] for each in found["data"]] == [ANA, BEN]


async def test_lookups_can_be_limited_as_meta_does(open_sandbox: Open, clock: Hands) -> None:
    """With two a second the third is a 613, and a second later it works again."""
    client = await open_sandbox(lookups_per_second=2)
    params = {"platform": "instagram", "user_id": ANA}
    statuses = [(await client.read("/me/conversations", **params))[0] for _ in range(3)]
    assert statuses == [200, 200, 400]
    clock.forward(seconds=1)
    assert (await client.read("/me/conversations", **params))[0] == 200


async def test_profiles_are_given_and_a_strict_sandbox_asks_for_consent(client: Client, open_sandbox: Open) -> None:
    """A customer's profile needs, strictly, that the customer wrote: else 230."""
    status, profile = await client.read(f"/{ANA}", fields="name,username,profile_pic")
    assert (status, profile) == (200, {"name": "Customer 0001", "username": "customer_00000001", "id": ANA})
    strict = await open_sandbox(strict=True)
    _, content = await strict.read(f"/{ANA}", fields="name")
    assert content["error"]["code"] == 230


async def test_a_refresh_prolongs_the_token(client: Client) -> None:
    """Instagram's refresh gives the token back with its seconds to live; a foreign token is refused."""
    params = {"grant_type": "ig_refresh_token", "access_token": TOKEN}
    answer = await client.http.get("/refresh_access_token", params=params)
    assert await answer.json() == {"access_token": TOKEN, "token_type": "bearer", "expires_in": 5183944}
    wrong = await client.http.get("/refresh_access_token", params={**params, "access_token": "old"})
    assert wrong.status == 401
    assert (await client.http.get("/refresh_access_token", params={"access_token": TOKEN})).status == 400


async def test_an_exchange_needs_the_app_secret_and_may_give_a_new_token(open_sandbox: Open) -> None:
    """Facebook's exchange checks the client secret; the new token works beside the old one."""
    client = await open_sandbox(new_token=True)
    params = {"grant_type": "fb_exchange_token", "client_id": "1", "client_secret": SECRET, "fb_exchange_token": TOKEN}
    answer = await client.http.get("/v25.0/oauth/access_token", params={**params, "client_secret": "x"})
    assert answer.status == 400
    content = await (await client.http.get("/v25.0/oauth/access_token", params=params)).json()
    assert content["access_token"] != TOKEN
    for token in (TOKEN, content["access_token"]):
        assert (await client.post(ANA, {"text": "Hi"}, token=token)).status == 200


async def test_a_subscription_is_shown_as_it_was_made(client: Client) -> None:
    """Nothing at first, then the fields asked for; an unknown field is refused by its position."""
    assert await client.read("/me/subscribed_apps") == (200, {"data": []})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = f"/v25.0/{ACCOUNT}/subscribed_apps"
    made = await client.http.post(path, params={"subscribed_fields": "messages, standby"}, headers=headers)
    assert await made.json() == {"success": True}
    _, shown = await client.read("/me/subscribed_apps")
    assert shown["data"][0]["subscribed_fields"] == ["messages", "standby"]
    wrong = await client.http.post(path, json={"subscribed_fields": ["messages", 5]}, headers=headers)
    assert "subscribed_fields[1]" in (await wrong.json())["error"]["message"]


@pytest.mark.parametrize("path", ["/v25.0/me/dances", "/", "/v25.0", "/a/b/c/d"])
async def test_an_unknown_path_is_metas_2500(client: Client, path: str) -> None:
    """What the sandbox does not stand in for says so in Graph's way."""
    answer = await client.http.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status, (await answer.json())["error"]["code"]) == (400, 2500)
