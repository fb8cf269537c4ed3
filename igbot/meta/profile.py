"""A customer's profile as Meta tells it (meta-platform reference §8)."""

from typing import Any

from igbot.meta.graph_error import parse_answer
from igbot.meta.values import words

FIELDS = "name,username,is_user_follow_business"
_LONGEST_NAME = 200


def read_profile(body: bytes) -> dict[str, Any] | None:
    """`username`, `name` (both may be None) and `follows` out of an answer of `GET /{igsid}`; None where it tells none.

    Never raises.
    """
    answer = parse_answer(body)
    if answer is None or "error" in answer:
        return None
    follows = answer.get("is_user_follow_business")
    return {
        "username": words(answer.get("username"))[:_LONGEST_NAME] or None,
        "name": words(answer.get("name"))[:_LONGEST_NAME] or None,
        "follows": follows if isinstance(follows, bool) else None,
    }
