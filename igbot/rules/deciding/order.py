"""The one total order of rules that fit the same message (`rules.md` §3.4)."""

from igbot.rules.deciding.choice import Order
from igbot.rules.deciding.table import SortKey
from igbot.rules.matching.matchers import Rank
from igbot.rules.rule import Rule


def order_of(rule: Rule, rank: Rank) -> Order:
    """What a rule counts when a keyword of this rank is the strongest that hit."""
    return (rule.priority, *rank, rule.conditions)


def sort_key(order: Order, place: int) -> SortKey:
    """Smaller is better; the place in the files settles what is otherwise equal."""
    priority, exactness, words, characters, conditions = order
    return -priority, -exactness, -words, -characters, -conditions, place
