"""What rules tell the staff reaches the channel it names, once in ten minutes."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

import pytest

from igbot.ops.alerts import Notice
from igbot.ops.notices import MOST_WAITING, Notices
from igbot.telemetry.log import event_log
from igbot.telemetry.redaction import Redactor
from tests.ops.alerting import Channel, Time
from tests.waiting import eventually

CHANNELS: Mapping[str, tuple[str, ...]] = {"owner": ("json://owner",), "kitchen": ("json://cook", "json://helper")}


class Room(Channel):
    """A channel that also notes which address was used."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    async def __call__(self, url: str, notice: Notice) -> None:
        self.urls.append(url)
        await super().__call__(url, notice)


def notices(room: Room, time: Time, *, channels: Mapping[str, tuple[str, ...]] = CHANNELS) -> Notices:
    clean = Redactor(["s3cret"]).clean
    return Notices(channels, clock=time, log=event_log("notices"), clean=clean, send=room, again=0)


async def test_a_word_goes_to_the_channel_it_names() -> None:
    """To all addresses of it, and to nobody else."""
    room = Room()
    told = notices(room, Time())
    told.tell("k", "A person is asked for", "Ana wants to talk", level="info", channel="kitchen")
    await told.turn()
    assert room.urls == ["json://cook", "json://helper"]
    assert (room.got[0].title, room.got[0].body, room.got[0].level) == (
        "A person is asked for",
        "Ana wants to talk",
        "info",
    )


async def test_without_a_channel_everybody_is_told_once() -> None:
    """An address that two channels share gets one word."""
    room = Room()
    told = notices(room, Time(), channels={"owner": ("json://a",), "kitchen": ("json://a", "json://b")})
    told.tell("k", "t", "b", level="warning")
    await told.turn()
    assert room.urls == ["json://a", "json://b"]


async def test_the_same_is_not_told_again_within_ten_minutes() -> None:
    """A customer who writes on does not make the telephone ring on."""
    room, time = Room(), Time()
    told = notices(room, time)
    for _ in range(3):
        told.tell("k", "t", "b", level="warning", channel="owner")
    told.tell("other", "t", "b", level="warning", channel="owner")
    await told.turn()
    assert len(room.got) == 2
    time.pass_by(timedelta(minutes=10))
    told.tell("k", "t", "b", level="warning", channel="owner")
    await told.turn()
    assert len(room.got) == 3


async def test_no_secret_leaves_with_it() -> None:
    """A note can hold what a customer wrote, and a customer may write anything."""
    room = Room()
    told = notices(room, Time())
    told.tell("k", "t", "they say s3cret " + "x" * 5000, level="warning", channel="owner")
    await told.turn()
    assert "s3cret" not in room.got[0].body
    assert len(room.got[0].body) < 1100


async def test_a_dead_channel_is_tried_again_and_takes_no_other_with_it() -> None:
    """Three times, and then the others have their turn."""
    room = Room()
    room.dead.add("json://cook")
    told = notices(room, Time())
    told.tell("k", "t", "b", level="critical", channel="kitchen")
    await told.turn()
    assert sorted(room.urls) == ["json://cook"] * 3 + ["json://helper"]
    assert len(room.got) == 1


async def test_a_dead_channel_holds_up_no_other_channel() -> None:
    """A hand-off's note is not to wait behind a broken webhook."""

    class Stuck(Room):
        async def __call__(self, url: str, notice: Notice) -> None:
            if url == "json://cook":
                await asyncio.Event().wait()
            await super().__call__(url, notice)

    room = Stuck()
    told = notices(room, Time())
    told.tell("k", "t", "b", level="critical", channel="kitchen")
    told.tell("h", "t", "b", level="info", channel="owner")
    running = asyncio.create_task(told.run())
    await eventually(lambda: "json://owner" in room.urls)
    running.cancel()


async def test_a_channel_without_an_address_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody would learn of it otherwise."""
    caplog.set_level(logging.INFO, logger="igbot")
    room = Room()
    told = notices(room, Time(), channels={})
    told.tell("k", "t", "b", level="warning", channel="kitchen")
    await told.turn()
    assert room.got == []
    assert "alert_without_channel" in caplog.text


async def test_a_flood_has_an_end() -> None:
    """What cannot be delivered is bounded in memory."""
    room = Room()
    told = notices(room, Time())
    for number in range(MOST_WAITING + 50):
        told.tell(f"k{number}", "t", "b", level="warning", channel="owner")
    await told.turn()
    assert len(room.got) == MOST_WAITING
