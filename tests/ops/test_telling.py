"""What people are told names the account, once there are several."""

from igbot.answering.outcome import Notice
from igbot.ops.alerts import Alerts
from igbot.ops.notices import Notices
from igbot.ops.telling import tell_notices, tell_trouble
from igbot.outbox.troubles import Trouble
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, ANA
from tests.ops.alerting import Channel, Time
from tests.ops.staff import Meta, account, member

MADRID = "17841400000000005"


class Ear:
    """Alerts and notices that end in one channel."""

    def __init__(self, time: Time) -> None:
        self.channel = Channel()
        log = event_log("test")
        self.alerts = Alerts(["a://"], clock=time, log=log, send=self.channel)
        self.notices = Notices({"owner": ["a://"]}, clock=time, log=log, clean=str, send=self.channel)

    async def heard(self) -> list[tuple[str, str]]:
        """Titles and first lines of what came."""
        await self.alerts.turn()
        await self.notices.turn()
        return [(notice.title, notice.body) for notice in self.channel.got]


def handed_off(account_id: str) -> Notice:
    """A rule's hand-off."""
    return Notice("handoff", account_id, ANA, "human", "info", "A customer wants Lola.", (), test=False)


async def test_a_notice_names_its_account_where_there_are_several(database: Database, time: Time) -> None:
    """With one account there is nothing to tell apart."""
    async with member(database, time) as one:
        ear = Ear(time)
        tell_notices(ear.notices, one.accounts, [handed_off(ACCOUNT)])
        [(title, body)] = await ear.heard()
        assert title == "igbot: a customer asks for a person"
        assert "account" not in body
    madrid = account("EAAmadrid", name="madrid", ids=(MADRID,))
    async with member(database, time, madrid, meta=Meta(of={"EAAmadrid": {MADRID}})) as two:
        ear = Ear(time)
        tell_notices(ear.notices, two.accounts, [handed_off(MADRID)])
        [(_, body)] = await ear.heard()
        assert body.endswith(f"account madrid ({MADRID})")


async def test_what_stands_is_an_alert_until_it_is_over_and_what_has_passed_a_notice(
    database: Database, time: Time
) -> None:
    """Each of what the sender met says which account it was."""
    async with member(database, time) as one:
        ear = Ear(time)
        outage, over = (Trouble(ACCOUNT, "outage", "", "no answer for a minute", over=over) for over in (False, True))
        tell_trouble(ear.notices, one.accounts, outage, alerts=ear.alerts)
        tell_trouble(ear.notices, one.accounts, Trouble(ACCOUNT, "refused", "100", "bad request"), alerts=ear.alerts)
        told = dict(await ear.heard())
        assert told["igbot: Meta refused a reply"] == f"account main ({ACCOUNT}): bad request"
        assert told["igbot: Meta cannot be reached"].startswith(f"account main ({ACCOUNT}): no answer for a minute")
        tell_trouble(ear.notices, one.accounts, over, alerts=ear.alerts)
        assert "All clear: igbot: Meta cannot be reached" in dict(await ear.heard())
