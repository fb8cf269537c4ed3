"""More is due than may be in flight: as soon as there is room again, the next ones go."""

from igbot.outbox.delivery import slots
from tests.outbox.posting import UNLIMITED, Post
from tests.outbox.sending import sending
from tests.waiting import eventually

NEVER = 3600.0


async def test_what_found_no_room_goes_when_there_is_some(post: Post) -> None:
    """Nobody looks by the clock here: more replies than calls may be in flight are sent all the same."""
    replies = slots(UNLIMITED) + 20
    await post.queue_many(replies)
    async with sending(post, idle=NEVER) as sender:
        await eventually(lambda: sender.sandbox.accepted.total == replies)
