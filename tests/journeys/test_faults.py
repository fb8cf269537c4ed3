"""Meta fails in every way it can: each reply arrives once, or ends as the contract says."""

import pytest

from igbot.sandbox.faults import (
    CutAfterFault,
    CutBeforeFault,
    DelayFault,
    ErrorFault,
    Fault,
    HtmlFault,
    NoMidFault,
)
from igbot.telemetry.log import FIELDS
from tests.journeys.shop import ANA, BEN, Shop
from tests.journeys.test_answering import HELLO
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's import, on Python 3.11 and 3.12

SERVER_ERROR = ErrorFault(code=2, status=500, transient=True)
ANSWERED = {
    "code 2": SERVER_ERROR,
    "code 2, though sent": ErrorFault(code=2, status=500, transient=True, accepted=True),
    "code 1, though sent": ErrorFault(code=1, status=500, accepted=True),
    "a page of a proxy": HtmlFault(),
    "a page of a proxy, though sent": HtmlFault(accepted=True),
}
UNANSWERED = {
    "cut before Meta took it": CutBeforeFault(),
    "cut after Meta took it": CutAfterFault(),
    "no message id": NoMidFault(),
    "no message id, not sent": NoMidFault(accepted=False),
}


@pytest.mark.parametrize("fault", ANSWERED.values(), ids=ANSWERED.keys())
@pytest.mark.parametrize("echo", ["after", "never"])
async def test_an_error_that_leaves_it_open_is_looked_up_and_tried_again(shop: Shop, fault: Fault, echo: str) -> None:
    """The customer gets the reply once, whether Meta had taken it or not, and whether an echo tells or not."""
    shop.sandbox.configure(echo=echo)
    shop.fails(fault)
    await shop.writes(ANA, "hello")
    await eventually(lambda: shop.calls("send") == 1)
    if not (echo == "after" and fault.accepted):
        await shop.becomes(ANA, "unknown")
    await shop.writes(ANA, "which returns?")
    shop.forward(seconds=2)
    await shop.quiet()
    assert shop.received(ANA)[0] == HELLO
    assert len(shop.received(ANA)) == 2
    assert await shop.reply_states(ANA) == ["sent", "sent"]


@pytest.mark.parametrize("fault", UNANSWERED.values(), ids=UNANSWERED.keys())
async def test_no_answer_waits_for_an_echo_and_is_then_looked_up(shop: Shop, fault: Fault) -> None:
    """Nothing is sent again for twenty seconds; then the look-up says whether to."""
    shop.sandbox.configure(echo="never")
    shop.fails(fault)
    await shop.writes(ANA, "hello")
    await shop.becomes(ANA, "unknown")
    shop.forward(seconds=19)
    await shop.becomes(ANA, "unknown")
    assert shop.calls("send") == 1
    assert shop.calls("conversations") == 0
    shop.forward(seconds=1)
    await shop.quiet()
    assert await shop.reply_states(ANA) == ["sent"]
    assert shop.received(ANA) == [HELLO]
    assert shop.calls("conversations") == 1


async def test_an_echo_settles_what_was_not_answered_at_once(shop: Shop) -> None:
    """No clock has to move where Meta's echo says that the reply was taken."""
    shop.fails(CutAfterFault())
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert await shop.reply_states(ANA) == ["sent"]
    assert shop.received(ANA) == [HELLO]
    assert shop.calls("conversations") == 0


async def test_without_any_look_up_it_is_sent_again_once_after_a_minute(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither answer nor look-up: one more call after sixty seconds, said in the log, and then a person must look."""
    caplog.set_level("INFO", logger="igbot")
    shop.fails(CutBeforeFault(), times=2)
    shop.fails(ErrorFault(code=4, status=403), times=None, route="conversations")
    await shop.writes(ANA, "hello")
    await shop.becomes(ANA, "unknown")
    shop.forward(seconds=20)
    await eventually(lambda: shop.calls("conversations") == 1)
    await shop.waits_for_the_clock(ANA)
    shop.forward(seconds=39)
    assert shop.calls("send") == 1
    shop.forward(seconds=1)
    await eventually(lambda: shop.calls("send") == 2)
    await shop.becomes(ANA, "unknown")
    shop.forward(seconds=20)
    await shop.becomes(ANA, "dead")
    await eventually(lambda: "igbot: a reply could not be sent" in shop.alarm.titles)
    assert [r.getMessage() for r in caplog.records if r.getMessage() in ("send_repeated", "reply_dead")] == [
        "send_repeated",
        "reply_dead",
    ]


async def test_four_calls_are_made_and_then_it_is_dead(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Meta fails each time: four calls with growing pauses, then a dead letter and an alert; the next reply goes on."""
    caplog.set_level("INFO", logger="igbot")
    shop.fails(SERVER_ERROR, times=4, igsid=ANA)
    await shop.writes(ANA, "hello")
    for calls, pause in enumerate((1.5, 3, 6), start=1):
        await eventually(lambda calls=calls: shop.calls("send") == calls)  # type: ignore[misc]  # bound as a default
        await shop.becomes(ANA, "unknown")
        shop.forward(seconds=pause)
    await eventually(lambda: shop.calls("send") == 4)
    await shop.becomes(ANA, "unknown")
    shop.forward(seconds=12)
    await shop.becomes(ANA, "dead")
    await eventually(lambda: shop.alarm.titles == ["igbot: a reply could not be sent"])
    failures = [getattr(r, FIELDS) for r in caplog.records if r.getMessage() == "send_failed"]
    assert [(line["attempt"], line["code"]) for line in failures] == [(1, 2), (2, 2), (3, 2), (4, 2)]
    [dead] = await shop.rows("SELECT attempts, code, fbtrace_id FROM outbox")
    assert (dead["attempts"], dead["code"], dead["fbtrace_id"]) == (4, 2, failures[-1]["fbtrace_id"])
    await shop.writes(ANA, "hello again")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]


async def test_a_refusal_ends_one_reply_and_no_other(shop: Shop) -> None:
    """A closed window, a blocked customer: the reply is over at once, without another call."""
    shop.fails(ErrorFault(code=10, subcode=2534022, status=403), igsid=ANA)
    shop.fails(ErrorFault(code=551, subcode=1545041), igsid=BEN)
    await shop.writes(ANA, "hello")
    await shop.writes(BEN, "hello")
    await shop.quiet()
    assert await shop.reply_states(ANA) == ["expired"]
    assert await shop.reply_states(BEN) == ["failed"]
    assert shop.calls("send") == 2
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]


async def test_a_rate_limit_waits_as_long_as_meta_says(shop: Shop) -> None:
    """All sends of the account wait for the time Meta gives, no call is made meanwhile, and then all go out."""
    shop.fails(ErrorFault(code=613, headers={"Retry-After": "90"}))
    await shop.writes(ANA, "hello")
    await shop.waits_for_the_clock(ANA)
    await shop.writes(BEN, "hello")
    shop.forward(seconds=89)
    await shop.becomes(BEN, "queued")
    assert shop.calls("send") == 1
    shop.forward(seconds=1)
    await shop.quiet()
    assert shop.received(ANA) == shop.received(BEN) == [HELLO]
    rows = await shop.rows("SELECT attempts FROM outbox")
    assert [row["attempts"] for row in rows] == [1, 1]


async def test_a_rate_limit_without_a_hint_waits_longer_each_time(shop: Shop) -> None:
    """Sixty seconds, then twice that, give or take a half; a success starts over."""
    shop.fails(ErrorFault(code=613), times=2)
    await shop.writes(ANA, "hello")
    waits = []
    for calls in (1, 2):
        await eventually(lambda calls=calls: shop.calls("send") == calls)  # type: ignore[misc]  # bound as a default

        waits.append(await eventually(lambda: wait_left(shop)))
        shop.forward(seconds=waits[-1])
    await shop.quiet()
    assert 30 <= waits[0] < 90
    assert 60 <= waits[1] < 180
    assert shop.received(ANA) == [HELLO]
    [row] = await shop.rows("SELECT rate_waits FROM account")
    assert row["rate_waits"] == 0


async def wait_left(shop: Shop) -> float:
    """For how many seconds the account's sends still wait."""
    rows = await shop.rows("SELECT send_after FROM account WHERE send_after > $1", shop.clock.now)
    return float(sum((row["send_after"] - shop.clock.now).total_seconds() for row in rows))


async def test_a_dead_token_stops_all_sends_and_alerts(shop: Shop) -> None:
    """190: one call, then none; what customers write is kept and decided, and a person is told."""
    shop.fails(ErrorFault(code=190, subcode=463, status=401), times=None)
    await shop.writes(ANA, "hello")
    await eventually(lambda: shop.alarm.titles == ["igbot: sends are stopped"])
    await shop.writes(BEN, "hello")
    await shop.becomes(BEN, "queued")
    shop.forward(minutes=5)
    await shop.writes(BEN, "hello")
    await shop.becomes(BEN, "queued", "queued")
    assert shop.calls("send") == 1
    assert await shop.reply_states(ANA) == ["queued"]
    readiness = await shop.run.app.health.readiness()
    assert readiness["status"] == "degraded"
    assert readiness["checks"]["sends"]["status"] == "degraded"


async def test_a_slow_answer_is_waited_for(shop: Shop) -> None:
    """An answer that takes its time is one call, and the customer's next reply comes after it."""
    shop.fails(DelayFault(seconds=0.5))
    await shop.writes(ANA, "hello")
    await shop.writes(ANA, "returns")
    await shop.quiet()
    assert shop.calls("send") == 2
    assert shop.received(ANA)[0] == HELLO
