"""Several accounts: each has its own token, its own customers and conversations, and is told what concerns it."""

import json

import pytest

from igbot.sandbox.faults import ErrorFault, FaultRule, Match
from igbot.sandbox.options import SandboxAccount
from tests.sandbox.conftest import Open
from tests.sandbox.playing import ACCOUNT, ANA, BEN, PAGE, TOKEN, Bot, Client, settings

MADRID, MADRID_PAGE, MADRID_TOKEN = "17841400000000002", "100200300400502", "EAAmadrid"
TWO = (SandboxAccount((MADRID, MADRID_PAGE), MADRID_TOKEN, "madrid_shop"),)


async def get(client: Client, path: str, token: str, **params: str) -> tuple[int, dict[str, object]]:
    """A reading call with an account's token."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.http.get(f"/v25.0{path}", params=params, headers=headers)
    return answer.status, await answer.json()


@pytest.mark.parametrize("token", [TOKEN, MADRID_TOKEN])
async def test_me_is_the_account_whose_token_asks(open_sandbox: Open, token: str) -> None:
    """With its own ids and its own name."""
    client = await open_sandbox(more_accounts=TWO)
    status, me = await get(client, "/me", token, fields="id,user_id,username")
    mine = {TOKEN: (PAGE, ACCOUNT, "sandbox_shop"), MADRID_TOKEN: (MADRID_PAGE, MADRID, "madrid_shop")}
    assert (status, tuple(me[name] for name in ("id", "user_id", "username"))) == (200, mine[token])


async def test_what_customers_received_says_from_whom(open_sandbox: Open) -> None:
    """Sends are recorded with the account whose token they came with, and its echo is that account's."""
    client = await open_sandbox(more_accounts=TWO, seen=False)
    client.sandbox.customer_does(ANA, text="hi")
    client.sandbox.customer_does(BEN, text="hola", account=MADRID_PAGE)
    assert (await client.post(ANA, {"text": "Hello"})).status == 200
    assert (await client.post(BEN, {"text": "Buenas"}, token=MADRID_TOKEN)).status == 200
    accepted = client.sandbox.accepted
    assert [(each.account, each.sending.text) for each in accepted.select()] == [
        (ACCOUNT, "Hello"),
        (MADRID, "Buenas"),
    ]
    assert [each.sending.text for each in accepted.select(account=MADRID)] == ["Buenas"]
    _, told = await client.control("GET", f"/messages?account={MADRID}")
    assert [each["account"] for each in told["messages"]] == [MADRID]
    assert [call.account for call in client.sandbox.calls.select()] == [ACCOUNT, MADRID]


async def test_another_accounts_token_is_refused(open_sandbox: Open) -> None:
    """In the path of the other account, and for customers who have written only to that one."""
    client = await open_sandbox(more_accounts=TWO)
    client.sandbox.customer_does(BEN, text="hola", account=MADRID)
    answer = await client.post(BEN, {"text": "Hello"}, path=f"/v25.0/{MADRID}/messages")
    assert (answer.status, (await answer.json())["error"]["error_subcode"]) == (400, 33)
    assert await client.refused(BEN, {"text": "Hello"}) == (100, 2534014)
    assert client.received() == []
    for path in (f"/{MADRID}", f"/{MADRID}/conversations", f"/{MADRID}/subscribed_apps"):
        status, body = await get(client, path, TOKEN, platform="instagram")
        assert (status, "error" in body) == (400, True), path


async def test_look_ups_show_an_accounts_own_conversations(open_sandbox: Open) -> None:
    """Also where both know the same customer."""
    client = await open_sandbox(more_accounts=TWO)
    mine = client.sandbox.customer_does(ANA, text="hi")
    other = client.sandbox.customer_does(ANA, text="hola", account=MADRID)
    for token, own, foreign, text in ((TOKEN, mine, other, "hi"), (MADRID_TOKEN, other, mine, "hola")):
        status, talk = await get(
            client, "/me/conversations", token, platform="instagram", user_id=ANA, fields="messages{id,message}"
        )
        assert (status, text in json.dumps(talk), str(foreign.mid) in json.dumps(talk)) == (200, True, False)
        assert (await get(client, f"/{own.mid}", token))[0] == 200
        assert (await get(client, f"/{foreign.mid}", token))[0] == 400


async def test_a_delivery_has_an_entry_for_each_account(open_sandbox: Open, bot: Bot) -> None:
    """In which its customers write to it."""
    client = await open_sandbox(more_accounts=TWO, webhook_url=bot.url)
    did = [client.sandbox.customer_does(ANA, text="hi", account=account) for account in (ACCOUNT, MADRID, None)]
    assert (await client.sandbox.deliver(*did)).taken
    entries = json.loads(bot.bodies[-1])["entry"]
    assert [(entry["id"], len(entry["messaging"])) for entry in entries] == [(ACCOUNT, 2), (MADRID, 1)]
    assert {each["recipient"]["id"] for entry in entries for each in entry["messaging"]} == {ACCOUNT, MADRID}


async def test_echoes_and_a_persons_words_come_from_their_account(open_sandbox: Open, bot: Bot) -> None:
    """The bot can tell which account has spoken."""
    client = await open_sandbox(more_accounts=TWO, webhook_url=bot.url, seen=False)
    client.sandbox.customer_does(BEN, text="hola", account=MADRID)
    await client.post(BEN, {"text": "Buenas"}, token=MADRID_TOKEN)
    await client.sandbox.person_writes(BEN, "Soy Lola", account=MADRID)
    await client.sandbox.postback.settled()
    assert {(item["sender"]["id"], item["recipient"]["id"]) for item in bot.items} == {(MADRID, BEN)}


async def test_a_fault_may_strike_one_account_only(open_sandbox: Open) -> None:
    """The other's calls go their usual way; and a refreshed token stays its account's."""
    client = await open_sandbox(more_accounts=TWO, new_token=True)
    client.sandbox.faults.add([FaultRule(match=Match(account=MADRID), fault=ErrorFault(code=190, status=401))])
    assert (await client.post(ANA, {"text": "Hello"})).status == 200
    assert (await client.post(ANA, {"text": "Hello"}, token=MADRID_TOKEN)).status == 401
    client.sandbox.faults.clear()
    params = {"grant_type": "ig_refresh_token", "access_token": MADRID_TOKEN}
    _, told = await get(client, "/refresh_access_token", MADRID_TOKEN, **params)
    _, me = await get(client, "/me", str(told["access_token"]), fields="user_id")
    assert me["user_id"] == MADRID


def test_an_id_belongs_to_one_account() -> None:
    """And every account has one."""
    for wrong in (SandboxAccount((PAGE,), "EAAx"), SandboxAccount((), "EAAx")):
        with pytest.raises(ValueError, match="id"):
            settings(more_accounts=(wrong,))


async def test_an_account_that_does_not_exist_is_an_error(open_sandbox: Open) -> None:
    """Said to the test that names it, in the control routes as well."""
    client = await open_sandbox(more_accounts=TWO)
    with pytest.raises(ValueError, match="no account has the id"):
        client.sandbox.customer_does(ANA, text="hi", account="1")
    for path in (f"/customers/{ANA}/messages", f"/customers/{ANA}/person"):
        status, said = await client.control("POST", path, {"text": "hi", "account": "1"})
        assert (status, "no account" in said["error"]) == (400, True)
