"""A folder of rules with tests, as in the design's example, and the command that runs them."""

from pathlib import Path
from textwrap import dedent

from typer.testing import CliRunner, Result

from igbot.cli.rules import app

SHOP = """\
version: 1
timezone: Europe/Madrid
schedules: {open: {mon-fri: ["09:00-17:00"]}}
rules:
  - name: returns
    keywords: [return, returns]
    reply: "You have 30 days to return anything: https://lola.example/returns"
    test: {yes: [returns please], no: [hm]}
  - name: shipping-cost
    priority: 50
    when: {text: {all: [{any: [shipping, envío]}, {any: [cost, how much, cuánto]}], none: [wholesale]}}
    reply: Shipping is 4.90 €.
  - name: want-human
    priority: 1000
    keywords: [human, person]
    handoff: {say_open: One of us answers., say_closed: We are closed now.}
  - {name: story-love, kinds: [story_mention], reply: Thanks!}
  - {name: watch-complaints, observe: true, keywords: [broken], tag: [complaint]}
  - {name: fallback, fallback: true, limit: {times: 1, within: 1h}, reply: Sorry?}
"""
SALE = """\
version: 1
# Offers of the season.
# See the calendar.
# ---
rules:
  - name: bulk-orders
    keywords: [wholesale, bulk]
    reply: Ask sales.
"""
TESTS = """\
now: "2026-11-24T11:00:00+01:00"
customer: {lang: en, first_name: Ana, known: true}

cases:
  - name: plain keyword, other case, punctuation
    say: "RETURNS??"
    expect: { rule: returns, reply: "You have 30 days to return anything: https://lola.example/returns" }

  - name: a word inside another word does not count
    say: "the returning champion"
    expect: { rule_not: returns }

  - name: all + none
    table:
      - ["how much is shipping to Porto", shipping-cost]
      - ["¿Cuánto cuesta el envío?", shipping-cost]
      - ["shipping cost for wholesale", fallback]
      - ["𝐒𝐡𝐢𝐩𝐩𝐢𝐧𝐠 ＣＯＳＴ", shipping-cost]

  - name: a human answered, the bot keeps quiet
    steps:
      - { say: "human please", at: "+0s", expect: { rule: want-human, handoff: true } }
      - { say: "hello?", at: "+5m", expect: { silent: paused } }
      - { owner_says: "Hi, Eva here", at: "+6m" }
      - { say: "returns?", at: "+13h", expect: { rule: returns } }

  - name: night
    now: "2026-11-24T23:00:00+01:00"
    say: "I want to talk to a person"
    expect: { rule: want-human, reply_contains: "closed" }

  - name: outside the 24 hour window nothing is sent
    history: [{ customer: "hi", at: "-30h" }]
    tick: owner_resume
    expect: { silent: window_closed }
"""


def furnish(home: Path, *, tests: str = TESTS, sale: str = SALE, shop: str = SHOP) -> Path:
    """Writes the folder; gives the file of tests."""
    (home / "rules.d" / "tests").mkdir(parents=True)
    (home / "rules.d" / "10-shop.yaml").write_text(shop, encoding="utf-8")
    if sale:
        (home / "rules.d" / "20-sale.yaml").write_text(sale, encoding="utf-8")
    file = home / "rules.d" / "tests" / "shop.test.yaml"
    file.write_text(dedent(tests), encoding="utf-8")
    return file


def command(*arguments: str, typed: str = "", **environ: str) -> Result:
    """Runs `igbot rules …`."""
    return CliRunner().invoke(app, [*arguments], input=typed, env=environ)
