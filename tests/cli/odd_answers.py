"""Rules whose answers are more than a text, or less."""

from tests.cli.command import Place

ODD = """
  - name: lookbook
    keywords: [lookbook]
    reply:
      - {attach: {image: "https://lola.example/look.jpg"}}
      - {text: "More?", buttons: [{title: All, url: "https://lola.example/all"}, {title: Talk, payload: TALK}]}
      - {text: "Or?", quick_replies: [{title: Prices, payload: PRICES}]}
  - {name: talk, kinds: [postback], payload: TALK, handoff: true}
  - {name: coats, label: Coats, on_tie: ask, keywords: [wool], reply: Coats.}
  - {name: scarves, label: Scarves, on_tie: ask, keywords: [wool], reply: Scarves.}
  - {name: psst, keywords: [psst], limit: {times: 1, within: 1h, then: silent}, reply: Psst.}
  - {name: marked, keywords: [mark], tag: [marked]}
"""


def odd(place: Place) -> Place:
    """The place, with these rules as well."""
    place.rules.write_text(place.rules.read_text("utf-8") + ODD, "utf-8")
    return place
