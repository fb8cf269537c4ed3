"""What a piece of a test file is as JSON: the answer of a stubbed call."""

from typing import Any

from igbot.rules.expressions import expression
from igbot.rules.reading.source import Listing, Mapping, Node

_INTEGER = expression(r"[-+]?[0-9]{1,18}")
_FLOAT = expression(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def json_of(node: Node) -> Any:
    """Texts, numbers, `true`, `false`, `null`, lists and maps, as YAML 1.2 has them."""
    match node:
        case Mapping():
            return {key.value: json_of(value) for key, value in node}
        case Listing():
            return [json_of(item) for item in node.items]
    if not node.plain:
        return node.value
    if node.value.lower() in _WORDS:
        return _WORDS[node.value.lower()]
    if _INTEGER.fullmatch(node.value):
        return int(node.value)
    return float(node.value) if _FLOAT.fullmatch(node.value) else node.value
