"""Two accounts on one bot: each answered by its own rules with its own token, neither touched by the other's luck."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from igbot.sandbox.customer import customer_message, delivery_body
from igbot.sandbox.faults import CutBeforeFault, ErrorFault
from igbot.sandbox.options import SandboxAccount
from igbot.telemetry.log import FIELDS
from tests.journeys.shop import ACCOUNT, ANA, BEN, PAGE, Shop, open_shop
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's import, on Python 3.11 and 3.12

MADRID, MADRID_SCOPED, MADRID_TOKEN = "17841400000000888", "28970000000000888", "IGAAjourneysmadrid"
STRANGER = "17841400000000999"
CARLA = "9000000000000003"
CONFIG = """\
accounts:
  - name: NAME
    ids: [17841400000000888, 28970000000000888]
    login: instagram
    token: IGBOT_TOKEN_MADRID
"""
RULES = {
    "lisbon.yaml": "version: 1\naccounts: [main]\nrules: [{name: oi, keywords: [hello], reply: Oi!}]\n",
    "madrid.yaml": "version: 1\naccounts: [madrid]\nrules: [{name: hola, keywords: [hello], reply: Hola!}]\n",
    "both.yaml": "version: 1\nrules: [{name: hours, keywords: [hours], reply: From nine to five.}]\n",
}


def configure(directory: Path, *, name: str = "madrid") -> None:
    """The second account, under a name."""
    (directory / "config").mkdir(exist_ok=True)
    (directory / "config" / "base.yaml").write_text(CONFIG.replace("NAME", name), encoding="utf-8")


@asynccontextmanager
async def open_two(database_url: str, directory: Path, **sandbox: Any) -> AsyncIterator[Shop]:
    """A shop with its main account, and one in Madrid with the other login flavour."""
    configure(directory)
    rules = directory / "rules"
    rules.mkdir()
    for file, text in RULES.items():
        (rules / file).write_text(text, encoding="utf-8")
    more = (SandboxAccount((MADRID, MADRID_SCOPED), MADRID_TOKEN, "madrid_shop"),)
    environ = [("IGBOT_TOKEN_MADRID", MADRID_TOKEN), ("IGBOT_FALLBACK_REPLY", "off")]
    async with open_shop(database_url, directory, rules=rules, environ=environ, more_accounts=more, **sandbox) as shop:
        yield shop


@pytest.fixture
async def two(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """Both accounts, running."""
    async with open_two(database_url, tmp_path) as shop:
        yield shop


def said(shop: Shop) -> list[tuple[str, str, str | None]]:
    """What customers received: from whom, who, and what."""
    return sorted((m.account, m.sending.igsid, m.sending.text) for m in shop.sandbox.accepted.select())


async def states(shop: Shop, account: str) -> list[str]:
    """Where the replies of an account stand."""
    rows = await shop.rows("SELECT status FROM outbox WHERE account_id = $1 ORDER BY outbox_id", account)
    return [row["status"] for row in rows]


async def test_each_account_answers_by_its_own_rules_with_its_own_token(two: Shop) -> None:
    """Also a customer that both know under one id; a rule of both is one of each."""
    for account in (PAGE, MADRID_SCOPED):
        await two.writes(ANA, "hello", account=account)
        await two.writes(BEN, "hours", account=account)
    await two.quiet()
    assert said(two) == [
        (ACCOUNT, ANA, "Oi!"),
        (ACCOUNT, BEN, "From nine to five."),
        (MADRID, ANA, "Hola!"),
        (MADRID, BEN, "From nine to five."),
    ]
    talks = await two.rows("SELECT account_id, igsid FROM conversation ORDER BY 1, 2")
    assert [tuple(row.values()) for row in talks] == [(ACCOUNT, ANA), (ACCOUNT, BEN), (MADRID, ANA), (MADRID, BEN)]
    echoed = await two.rows("SELECT count(*) FROM outbox WHERE echoed_at IS NOT NULL")
    assert echoed[0]["count"] == 4


async def test_one_delivery_may_be_for_both(two: Shop) -> None:
    """An entry each."""
    did = [two.sandbox.customer_does(ANA, text="hello", account=account) for account in (MADRID, ACCOUNT)]
    await two.arrives(*did)
    await two.quiet()
    assert said(two) == [(ACCOUNT, ANA, "Oi!"), (MADRID, ANA, "Hola!")]


async def test_an_event_for_an_unknown_account_is_kept_told_and_never_answered(two: Shop) -> None:
    """It is marked, and no account's token is used for it."""
    item = customer_message(ANA, STRANGER, at=two.clock(), mid="m_strange", text="hello")
    assert await two.post(delivery_body([item], STRANGER, two.clock())) == 200
    await two.writes(BEN, "hello", account=MADRID)
    await two.quiet()
    assert said(two) == [(MADRID, BEN, "Hola!")]
    assert await two.reasons(ANA) == ["unknown_account"]
    [kept] = await two.rows("SELECT account_id, known_account, raw IS NOT NULL AS raw FROM inbox WHERE igsid = $1", ANA)
    assert tuple(kept.values()) == (STRANGER, False, True)
    assert await two.rows("SELECT FROM account WHERE account_id = $1", STRANGER) == []
    await eventually(lambda: any(STRANGER in text for text in two.alarm.texts))


async def test_each_line_about_a_customer_names_the_account(two: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """By the owner's word for it; by its id where it is nobody's here. A shop with one account has no need."""
    caplog.set_level("DEBUG", logger="igbot")
    two.fails(ErrorFault(code=1200), text="Hola!")
    await two.writes(ANA, "hello", account=MADRID_SCOPED)
    again = two.sandbox.customer_does(BEN, text="stop", account=MADRID)
    await two.arrives(again, again)
    item = customer_message(CARLA, STRANGER, at=two.clock(), mid="m_strange", text="hello")
    await two.post(delivery_body([item], STRANGER, two.clock()))
    await two.comes_about(lambda: (MADRID, ANA, "Hola!") in said(two))
    await two.quiet()
    await two.arrives(two.sandbox.customer_does(BEN, kind="deleted", about=again.mid, account=MADRID))
    await two.quiet()
    lines = [(r.getMessage(), getattr(r, FIELDS)) for r in caplog.records if "igsid" in getattr(r, FIELDS, {})]
    named = {(event, fields.get("account")) for event, fields in lines if fields["igsid"] in (ANA, BEN)}
    assert {account for _, account in named} == {"madrid"}
    told = "message_received rule_matched reply_queued send_failed reply_sent duplicate_ignored opted_out"
    assert {*told.split(), "message_deleted"} <= {event for event, _ in named}
    assert {fields["account"] for _, fields in lines if fields["igsid"] == CARLA} == {STRANGER}


async def test_a_dead_token_stops_its_own_account_only(two: Shop) -> None:
    """The queue is kept, one alert names the account, and the other account answers on."""
    two.sandbox.tokens.revoke(MADRID_TOKEN)
    for igsid in (ANA, BEN):
        await two.writes(igsid, "hello", account=MADRID)

    async def is_stopped() -> bool:
        return bool(await two.rows("SELECT FROM account WHERE account_id = $1 AND halted_at IS NOT NULL", MADRID))

    await eventually(is_stopped)
    await two.writes(ANA, "hello")
    await eventually(lambda: said(two) == [(ACCOUNT, ANA, "Oi!")])
    assert await states(two, MADRID) == ["queued", "queued"]
    checks = (await two.run.app.health.readiness())["checks"]
    assert checks["sends"]["status"] == "degraded"
    assert "account madrid: stopped" in checks["sends"]["detail"]
    assert "account main" not in checks["sends"]["detail"]
    await eventually(lambda: any(f"account madrid ({MADRID})" in text for text in two.alarm.texts))
    two.sandbox.tokens.issue(MADRID_TOKEN, account=MADRID)
    await two.stops()
    await two.starts()
    await two.quiet()
    assert said(two) == [(ACCOUNT, ANA, "Oi!"), (MADRID, ANA, "Hola!"), (MADRID, BEN, "Hola!")]


async def test_a_rate_limit_pauses_its_own_account_only(two: Shop) -> None:
    """Until Meta's time is over; nothing is lost."""
    two.fails(ErrorFault(code=613, headers={"Retry-After": "60"}), account=MADRID)
    await two.writes(ANA, "hello", account=MADRID)
    await two.waits_for_the_clock(ANA)
    await two.writes(BEN, "hello", account=MADRID)
    await two.writes(ANA, "hello")
    await eventually(lambda: said(two) == [(ACCOUNT, ANA, "Oi!")])
    assert await states(two, MADRID) == ["queued", "queued"]
    two.forward(seconds=61)
    await two.quiet()
    assert said(two) == [(ACCOUNT, ANA, "Oi!"), (MADRID, ANA, "Hola!"), (MADRID, BEN, "Hola!")]


async def test_an_outage_for_one_account_is_none_for_the_other(two: Shop) -> None:
    """Its calls are cut; the other's go through, and when it is over all its customers have their answer."""
    two.fails(CutBeforeFault(), times=None, account=MADRID)
    for igsid in (ANA, BEN, CARLA):
        await two.writes(igsid, "hello", account=MADRID)

    async def is_known() -> bool:
        rows = await two.rows("SELECT account_id FROM account WHERE outage_at IS NOT NULL")
        return [row["account_id"] for row in rows] == [MADRID]

    await eventually(is_known)
    await two.writes(ANA, "hello")
    await eventually(lambda: said(two) == [(ACCOUNT, ANA, "Oi!")])
    two.sandbox.faults.clear()
    two.forward(seconds=61)
    answered = [(ACCOUNT, ANA, "Oi!"), *((MADRID, igsid, "Hola!") for igsid in (ANA, BEN, CARLA))]
    await two.comes_about(lambda: said(two) == answered)


async def test_a_restart_and_a_new_name_keep_what_an_account_has(two: Shop) -> None:
    """Its rows stay under the id they have, and rules for the new name are its own now."""
    await two.writes(ANA, "hello", account=MADRID)
    await two.quiet()
    await two.stops()
    configure(two.directory, name="main-street")
    text = RULES["madrid.yaml"].replace("[madrid]", "[main-street]")
    (two.directory / "rules" / "madrid.yaml").write_text(text, encoding="utf-8")
    two.is_configured()
    await two.starts()
    two.forward(seconds=2)
    await two.writes(ANA, "hello", account=MADRID_SCOPED)
    await two.quiet()
    assert said(two) == [(MADRID, ANA, "Hola!"), (MADRID, ANA, "Hola!")]
    rows = await two.rows("SELECT account_id, name FROM account ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [(ACCOUNT, "main"), (MADRID, "main-street")]


async def test_an_account_that_was_taken_out_is_left_as_it_is_and_can_come_back(two: Shop) -> None:
    """Nothing is sent for it meanwhile, health says nothing of it, and what came for it is answered afterwards."""
    two.fails(ErrorFault(code=613, headers={"Retry-After": "600"}), account=MADRID)
    await two.writes(ANA, "hello", account=MADRID)
    await two.waits_for_the_clock(ANA)
    await two.stops()
    (two.directory / "config" / "base.yaml").unlink()
    (two.directory / "rules" / "madrid.yaml").rename(two.directory / "madrid.yaml")
    two.is_configured()
    await two.starts()
    two.forward(seconds=601)
    await two.writes(BEN, "hello")
    item = two.sandbox.customer_does(CARLA, text="hello", account=MADRID)
    await two.arrives(item)
    await eventually(lambda: said(two) == [(ACCOUNT, BEN, "Oi!")])
    assert await states(two, MADRID) == ["queued"]
    health = two.run.app.health
    assert (await health.readiness())["checks"]["sends"]["status"] == "ok"

    async def counts_nothing() -> bool:
        figures = await health.figures()
        return (figures["inbox"]["pending"], figures["outbox"]["queued"]) == (0, 0)

    await eventually(counts_nothing)  # the echo of what was just sent may have to be worked on
    await two.stops()
    configure(two.directory)
    (two.directory / "madrid.yaml").rename(two.directory / "rules" / "madrid.yaml")
    two.is_configured()
    await two.starts()
    await two.writes(CARLA, "hello", account=MADRID)
    await two.comes_about(lambda: (MADRID, ANA, "Hola!") in said(two) and (MADRID, CARLA, "Hola!") in said(two))


async def test_a_database_of_one_account_goes_on_with_two(database_url: str, tmp_path: Path) -> None:
    """What an igbot with one account has left there is that account's, whatever it was called then."""
    async with open_two(database_url, tmp_path) as shop:
        await shop.writes(ANA, "hello")
        await shop.quiet()
        await shop.stops()
        await shop.rows("DELETE FROM account WHERE account_id = $1", MADRID)
        await shop.rows("DELETE FROM access_token WHERE account_id = $1", MADRID)
        await shop.rows("UPDATE account SET name = NULL, ids = ARRAY[$1]", ACCOUNT)
        await shop.starts()
        shop.forward(seconds=2)
        await shop.writes(ANA, "hello", account=PAGE)
        await shop.writes(ANA, "hello", account=MADRID)
        await shop.quiet()
        assert said(shop) == [(ACCOUNT, ANA, "Oi!"), (ACCOUNT, ANA, "Oi!"), (MADRID, ANA, "Hola!")]
