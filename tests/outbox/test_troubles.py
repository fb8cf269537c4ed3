"""A person is told what matters: each stop, each lost reply, and a cause once a day, or when several meet it."""

from datetime import datetime, timedelta
from typing import Any

from igbot.meta.error_table import SEVERAL
from igbot.meta.graph_error import GraphError
from igbot.outbox.troubles import MOST_CAUSES, SAME_AGAIN, TOGETHER, Trouble, Troubles
from igbot.outbox.verdict import Verdict
from tests.answering.talking import ANA, BEN, START

SOMEBODY = "9000000000000003"


def error(code: int | None = 100, subcode: int | None = None) -> GraphError:
    """What Meta said."""
    return GraphError(code, subcode, "Meta's words", "OAuthException", "A1", transient=False)


def refused(code: int = 100, subcode: int | None = None, **more: Any) -> Verdict:
    """A refusal that a person should know."""
    fields: dict[str, Any] = {"alert": True, "alert_once_a_day": True, "meaning": "a bug of ours"}
    return Verdict("failed", "refused", error=error(code, subcode), reason="refused", **fields | more)


class Told:
    """Troubles, and what was told of them."""

    def __init__(self) -> None:
        self.all: list[Trouble] = []
        self.troubles = Troubles(self.all.append)

    def hears(self, verdict: Verdict, *, igsid: str = ANA, account: str = "1", at: datetime = START) -> int:
        """How many were told until now."""
        self.troubles.note(verdict, account=account, igsid=igsid, now=at)
        return len(self.all)

    def sees_stop(self, verdict: Verdict, *, account: str = "1", at: datetime = START) -> int:
        """How many were told until now."""
        self.troubles.note_stop(verdict, account=account, now=at)
        return len(self.all)


def test_what_is_no_trouble_is_not_told() -> None:
    """A reply that went out, or a refusal that concerns its customer only."""
    told = Told()
    assert told.hears(Verdict("sent", "sent")) == told.hears(refused(alert=False)) == 0


def test_a_cause_is_told_once_a_day_and_account() -> None:
    """Code and subcode are the cause, whoever meets it."""
    told = Told()
    assert told.hears(refused()) == 1
    assert told.hears(refused(), igsid=BEN) == 1
    assert told.hears(refused(), at=START + SAME_AGAIN - timedelta(seconds=1)) == 1
    assert told.hears(refused(100, 33)) == 2
    assert told.hears(refused(), account="2") == 3
    assert told.hears(refused(), at=START + SAME_AGAIN) == 4
    assert told.all[0] == Trouble("1", "refused", "100", "a bug of ours (100): Meta's words")
    assert [trouble.key for trouble in told.all[:3]] == [
        "send-refused:1:100",
        "send-refused:1:100/33",
        "send-refused:2:100",
    ]


def test_what_may_lie_with_one_customer_is_told_when_several_meet_it() -> None:
    """Three different ones within an hour."""
    told = Told()
    gone = refused(100, 2534014, alert_customers=SEVERAL)
    for _ in range(5):
        assert told.hears(gone) == 0
    assert told.hears(gone, igsid=BEN) == 0
    assert told.hears(gone, igsid=SOMEBODY, account="2") == 0
    assert told.hears(refused(100, 2534013, alert_customers=SEVERAL), igsid=SOMEBODY) == 0
    assert told.hears(gone, igsid=SOMEBODY) == 1
    assert told.hears(gone, igsid="9000000000000004") == 1


def test_customers_hours_apart_do_not_meet_it_together() -> None:
    """Blocked accounts are nothing special over a day."""
    told = Told()
    gone = refused(100, 2534014, alert_customers=SEVERAL)
    for number in range(10):
        assert told.hears(gone, igsid=str(number), at=START + number * TOGETHER / 2) == 0
    assert told.hears(gone, igsid="a", at=START + 9 * TOGETHER / 2) == 1


def test_a_stop_and_a_lost_reply_are_told_each_time() -> None:
    """Whoever tells people counts lost replies; a stop is one thing, and told by the call that brought it about."""
    told = Told()
    halted = Verdict("queued", "halted", error=error(190, 463), halt="the token has expired", alert=True)
    dead = Verdict("dead", "given up", reason="not known to have been sent after every try", alert=True)
    assert told.hears(halted) == 0
    assert [told.sees_stop(halted), told.sees_stop(halted), told.hears(dead), told.hears(dead)] == [1, 2, 3, 4]
    assert [trouble.key for trouble in told.all[1:3]] == ["send-halted:1", "send-dead:1"]
    assert told.all[0].why == "the token has expired (190/463): Meta's words"
    assert told.all[2].why == "not known to have been sent after every try"


def test_an_error_that_nobody_knows_is_told_once_though_it_costs_replies() -> None:
    """Once a code and day: at its first try, not again when it is given up, nor for the next reply."""
    told = Told()
    fields: dict[str, Any] = {"error": error(99999), "alert": True, "alert_once_a_day": True}
    assert told.hears(Verdict("queued", "retry", **fields)) == 1
    assert told.hears(Verdict("dead", "retry", **fields)) == 1
    assert told.hears(Verdict("dead", "retry", **fields), igsid=BEN) == 1


def test_a_restricted_account_is_told_as_sends_that_wait() -> None:
    """It is neither stopped nor refused, and not an ordinary limit."""
    told = Told()
    restricted = refused(10, 1893063, account_wait=True)
    assert told.hears(restricted) == 0
    assert told.sees_stop(restricted) == told.sees_stop(restricted) == 1
    assert (told.all[0].kind, told.all[0].about) == ("paused", "10/1893063")
    assert told.sees_stop(refused(613, account_wait=True, alert=False)) == 1


def test_what_is_remembered_has_bounds() -> None:
    """A flood of odd codes is told as such, and costs no memory; the oldest are forgotten first."""
    told = Told()
    for code in range(MOST_CAUSES + 1):
        told.hears(refused(code))
        told.hears(refused(code, 1, alert_customers=SEVERAL))
    assert told.hears(refused(MOST_CAUSES)) == MOST_CAUSES + 1
    assert told.hears(refused(0)) == MOST_CAUSES + 2
    assert told.hears(refused(1)) == MOST_CAUSES + 3
