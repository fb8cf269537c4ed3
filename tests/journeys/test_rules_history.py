"""Rules that ask what came before: the first message, the answer before, how many, how long ago; archived or not."""

from datetime import timedelta
from pathlib import Path

from igbot.conversations.archive import archive
from tests.journeys.shop import ANA, BEN, Shop, open_shop, rules_in

RULES = """
version: 1
rules:
  - name: welcome
    when: { first_message: true }
    reply: "Welcome!"
  - name: colours
    keywords: [colours]
    reply: "Red or blue?"
  - name: another
    keywords: [another]
    when: { after: { rule: colours, within: 10m } }
    reply: "There is green too."
  - name: back
    priority: 5
    when: { idle_for: ">= 7d" }
    reply: "Nice to see you again."
  - name: patience
    priority: 4
    when: { turn: ">= 8" }
    reply: "Shall I call a person?"
  - name: other
    fallback: true
    reply: "Yes?"
"""


async def says(shop: Shop, igsid: str, *texts: str) -> list[str | None]:
    """What a customer gets for what is written, one after the other."""
    before = len(shop.received(igsid))
    for text in texts:
        await shop.writes(igsid, text)
        await shop.quiet()
    return shop.received(igsid)[before:]


async def archive_all(shop: Shop) -> int:
    """Archives whatever is older than this second. The number of conversations."""
    shop.forward(seconds=1)
    done = await archive(
        shop.run.app.database, older_than=timedelta(0), now=shop.clock, on_batch=lambda _talks, _messages: None
    )
    return done.archived


async def test_rules_know_what_was_said_before(database_url: str, tmp_path: Path) -> None:
    """The first message is greeted once; a follow-up fits right after its question only, and for ten minutes."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.arrives(*(shop.sandbox.customer_does(BEN, text=text) for text in ("hi", "hi?")))
        await shop.quiet()
        assert shop.received(BEN) == ["Welcome!", "Yes?"]
        assert await says(shop, ANA, "hi", "colours?", "another?") == [
            "Welcome!",
            "Red or blue?",
            "There is green too.",
        ]
        assert await says(shop, ANA, "another?", "colours?") == ["Yes?", "Red or blue?"]
        shop.forward(minutes=10, seconds=1)
        assert await says(shop, ANA, "another?", "hm", "hm!") == ["Yes?", "Yes?", "Shall I call a person?"]
        shop.forward(days=6, hours=23)
        assert await says(shop, ANA, "hm") == ["Shall I call a person?"]
        shop.forward(days=7)
        assert await says(shop, ANA, "hm", "hm!") == ["Nice to see you again.", "Shall I call a person?"]


async def test_an_archived_conversation_is_not_forgotten(database_url: str, tmp_path: Path) -> None:
    """The customer is nobody new, the last answer still stands, messages go on being counted; over a restart too."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        assert await says(shop, ANA, "hi", "colours?") == ["Welcome!", "Red or blue?"]
        assert await archive_all(shop) == 1
        assert await says(shop, ANA, "another?") == ["There is green too."]
        assert await says(shop, ANA, "hm", "hm", "hm", "hm") == ["Yes?"] * 4
        await shop.stops()
        await shop.starts()
        assert await archive_all(shop) == 1
        assert await says(shop, ANA, "hm") == ["Shall I call a person?"]
        shop.forward(days=8)
        assert await archive_all(shop) == 1
        assert await says(shop, ANA, "hi") == ["Nice to see you again."]
        [talk] = await shop.rows("SELECT archived_at, (SELECT count(*) FROM message) AS messages FROM conversation")
        assert tuple(talk.values()) == (None, 18)
