"""Rules saved again and again, in every way and half of them broken, while customers write."""

import asyncio
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from random import Random

from tests.journeys.shop import Shop, open_shop
from tests.rulebook.saving import WAYS
from tests.waiting import eventually

SAVES = 50
CUSTOMERS = [f"94{number:014d}" for number in range(4)]


def edition(number: int) -> dict[str, str]:
    """Two files that load only together, and answer with the number of each."""
    words = f"version: 1\nvars: {{of{number}: {{words: '{number}'}}}}\nreplies: {{price: 'price {number}'}}\n"
    rules = (
        "version: 1\nrules:\n"
        "  - name: price\n    keywords: [price]\n"
        f"    reply: [{{use: price}}, 'rules {number}, words {{{{ of{number}.words }}}}']\n"
        "    test: {yes: [price], no: [hours]}\n"
    )
    return {"10-words.yaml": words, "20-rules.yaml": rules}


def broken(number: int, before: int, chance: Random) -> dict[str, str]:
    """An edition with something wrong in it, which must never answer; `before` is the number of a good one."""
    texts = edition(number)
    rules = texts["20-rules.yaml"]
    return chance.choice(
        [
            {**texts, "20-rules.yaml": rules[:-2]},
            {**texts, "20-rules.yaml": rules.replace("keywords", "keyword")},
            {**texts, "20-rules.yaml": rules.replace("no: [hours]", "no: [the price]")},
            {**texts, "10-words.yaml": "version: 2\n"},
            {**texts, "10-words.yaml": edition(before)["10-words.yaml"]},
            {**edition(before), "10-words.yaml": texts["10-words.yaml"]},
            {"20-rules.yaml": rules.replace("use: price", "use: prize")},
        ]
    )


class Talk:
    """Customers who write without an end, each a new message once the one before is answered."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.written: Counter[str] = Counter()
        self.over = False

    async def of(self, igsid: str) -> None:
        """What one customer writes."""
        while not self.over:
            self.written[igsid] += 1
            await self.shop.writes(igsid, "what is the price?")
            await eventually(lambda: len(self.shop.received(igsid)) >= 2 * self.written[igsid])


def numbers(received: list[str | None]) -> list[int]:
    """Which edition answered each message, all of whose replies must be of one."""
    told: list[int] = []
    for first, second in zip(received[::2], received[1::2], strict=True):
        number = (first or "").removeprefix("price ")
        assert second == f"rules {number}, words {number}"
        told.append(int(number))
    return told


async def test_fifty_saves_while_customers_write(database_url: str, tmp_path: Path) -> None:
    """No message is lost or answered by a set that is broken or half saved; each good set comes into force."""
    chance = Random(50)
    good = [0]
    kinds = chance.sample([True, False] * (SAVES // 2), SAVES)
    root = tmp_path / "rules.d"
    root.mkdir()
    WAYS[0](root, edition(0))
    async with open_shop(database_url, tmp_path, rules=root) as shop, asyncio.TaskGroup() as group:
        watch, talk = shop.run.app.rules_watch, Talk(shop)
        for igsid in CUSTOMERS:
            group.create_task(talk.of(igsid))

        def answers() -> list[int]:
            return numbers(shop.received(CUSTOMERS[0])[: 2 * (len(shop.received(CUSTOMERS[0])) // 2)])

        for number, (is_good, save) in enumerate(zip(kinds, islice(cycle(WAYS), SAVES), strict=True), 1):
            save(root, edition(number) if is_good else broken(number, good[-1], chance))
            if is_good:
                good.append(number)
                await eventually(lambda: answers()[-1:] == good[-1:])
            elif chance.random() < 0.5:
                await eventually(lambda: watch.trouble)
        talk.over = True
    for igsid in CUSTOMERS:
        told = numbers(shop.received(igsid))
        assert len(told) == talk.written[igsid]
        assert told == sorted(told)
        assert set(told) <= set(good)
