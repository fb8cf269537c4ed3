"""The tokens the stand-in believes: handed out, ended, revoked, told of; and the proof of the app's secret."""

from datetime import timedelta

from igbot.meta.signature import appsecret_proof
from igbot.sandbox.tokens import APP_ID, LIFE
from tests.sandbox.conftest import Hands, Open
from tests.sandbox.playing import ANA, SECRET, TOKEN, Client

REFRESH = {"grant_type": "ig_refresh_token", "access_token": TOKEN}


async def refusal(client: Client, token: str) -> tuple[int, int | None]:
    """Code and subcode of what a send with a token is answered."""
    error = (await (await client.post(ANA, {"text": "Hi"}, token=token)).json())["error"]
    return error["code"], error.get("error_subcode")


async def told_of(client: Client, token: str, *, app_token: str = f"{APP_ID}|{SECRET}") -> dict[str, object]:
    """What `debug_token` says of a token; its error where it says none."""
    headers = {"Authorization": f"Bearer {app_token}"}
    answer = await client.http.get("/v25.0/debug_token", params={"input_token": token}, headers=headers)
    told: dict[str, object] = await answer.json()
    return told


async def test_a_token_lives_as_long_as_its_refresh_said(client: Client, clock: Hands) -> None:
    """Then it is a 190/463, which no refresh heals."""
    assert (await client.http.get("/refresh_access_token", params=REFRESH)).status == 200
    clock.forward(seconds=LIFE - 1)
    await client.send(ANA, "Hi")
    clock.forward(seconds=1)
    assert await refusal(client, TOKEN) == (190, 463)
    assert (await client.http.get("/refresh_access_token", params=REFRESH)).status == 401


async def test_a_token_can_be_handed_out_and_taken_away(client: Client) -> None:
    """As an owner does who logs in again, or changes a password."""
    assert await refusal(client, "EAAanother") == (190, None)
    client.sandbox.tokens.issue("EAAanother")
    assert (await client.post(ANA, {"text": "Hi"}, token="EAAanother")).status == 200
    client.sandbox.tokens.revoke("EAAanother")
    assert await refusal(client, "EAAanother") == (190, None)


async def test_an_app_token_is_told_of_others(client: Client, clock: Hands) -> None:
    """Whether it is valid and when it ends, 0 for never; nobody else is told."""
    assert (await client.read("/app"))[1]["id"] == APP_ID
    told = (await told_of(client, TOKEN))["data"]
    assert isinstance(told, dict)
    assert (told["is_valid"], told["expires_at"], told["app_id"]) == (True, 0, APP_ID)
    client.sandbox.tokens.issue("EAAshort", life=timedelta(hours=1))
    short = (await told_of(client, "EAAshort"))["data"]
    assert isinstance(short, dict)
    assert short["expires_at"] == int((clock() + timedelta(hours=1)).timestamp())
    clock.forward(hours=2)
    for token in ("EAAshort", "EAAnobodys"):
        dead = (await told_of(client, token))["data"]
        assert isinstance(dead, dict)
        assert not dead["is_valid"]
    assert "error" in await told_of(client, TOKEN, app_token=TOKEN)


async def test_the_app_may_demand_a_proof_of_its_secret(open_sandbox: Open) -> None:
    """Of the very token, on every call."""
    client = await open_sandbox(require_proof=True)
    status, answer = await client.read("/me")
    assert (status, answer["error"]["code"]) == (400, 100)
    assert "require an appsecret_proof" in answer["error"]["message"]
    status, answer = await client.read("/me", appsecret_proof=appsecret_proof(SECRET, "another token"))
    assert "Invalid appsecret_proof" in answer["error"]["message"]
    assert (await client.read("/me", appsecret_proof=appsecret_proof(SECRET, TOKEN)))[0] == 200
    assert await refusal(client, TOKEN) == (100, None)
    assert (await client.http.get("/refresh_access_token", params=REFRESH)).status == 400
    assert (await client.http.get("/refresh_access_token")).status == 401
    assert client.received() == []
