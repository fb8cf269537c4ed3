"""Why RE2 refuses a pattern, for somebody who has seen a regular expression before and no manual of RE2."""

import re

_PLAIN = (
    (
        "pattern too large",
        "is too large once its repeats are written out; use + or * in place of counts such as {{1,500}}",
    ),
    ("missing )", "has a ( without its ); write \\( for the character itself"),
    ("unexpected )", "has a ) without its (; write \\) for the character itself"),
    ("missing ]", "has a [ without its ]; write \\[ for the character itself"),
    ("trailing \\", "ends with a single \\; write \\\\ for the character itself"),
    ("bad repetition operator", "repeats a repeat with {part}; put the inner one in brackets: (?:…)"),
    (
        "no argument for repetition operator",
        "has nothing before {part} that it could repeat; write \\{first} for the character itself",
    ),
    (
        "invalid character class range: \\",
        "has {part}, which is no kind of character; \\p{{L}} is any letter, \\p{{N}} any number",
    ),
    ("invalid character class range", "has the range {part}, whose end comes before its start"),
    (
        "invalid named capture group",
        "has a group name that is not complete: {part}; write (?P<name>…) with letters, digits and _",
    ),
)
"""How RE2's complaint begins, and what is said for it."""

_INSTEAD = "that is not supported: match more, and put what must not be there under none"
_GROUPS = {
    "(?=": f"looks ahead with (?=…); {_INSTEAD}",
    "(?!": f"looks ahead with (?!…); {_INSTEAD}",
    "(?<=": f"looks behind with (?<=…); {_INSTEAD}",
    "(?<!": f"looks behind with (?<!…); {_INSTEAD}",
    "(?P=": "repeats what a group found, with (?P=…); that is not supported: write the text out once more",
    "(?P>": "calls a group with (?P>…); that is not supported: write the text out once more",
    "(?>": "holds on to what it found, with (?>…); that is not needed here: write (?:…)",
    "(?#": "has a comment, (?#…); that is not supported: put it behind a # at the end of the line",
    "(?(": "asks whether a group was found, with (?(…); that is not supported: write two patterns",
}
_REPEATED = re.compile(r"\{(\d+),(\d+)\}")


def in_words(error: Exception, written: str) -> str:
    """What is wrong with a pattern by RE2's own complaint, as the end of a sentence about it."""
    said = _said(error)
    part = said.partition(": ")[2]
    part = part if len(part) <= 40 else part[:40] + "…"
    if said.startswith("invalid perl operator"):
        return _unsupported_group(part, written)
    if said.startswith("invalid escape sequence"):
        return _unknown_escape(part)
    if said.startswith("invalid repetition size"):
        return _wrong_repeat(part)
    for beginning, words in _PLAIN:
        if said.startswith(beginning):
            return words.format(part=part, first=part[:1])
    return f"is not understood by RE2: {said[:120]}"


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _unsupported_group(part: str, written: str) -> str:
    # RE2 names no more than `(?P` of `(?P=name)`.
    if part == "(?P":
        part = next((each for each in ("(?P=", "(?P>") if each in written), part)
    other = f"has {part}, which is not supported; groups are (…), (?:…), (?P<name>…), options (?i), (?s), (?m)"
    return _GROUPS.get(part, other)


def _unknown_escape(part: str) -> str:
    if part[1:2].isdigit():
        return f"repeats what a group found, with {part}; that is not supported: write the text out once more"
    if part == "\\Z":
        return "has \\Z, which is not supported; the end of the text is \\z or $"
    if part in {"\\u", "\\U", "\\N"}:
        return f"has {part}, which is not supported; write the character itself, or \\x{{20AC}} by its number"
    return f"has {part}, which means nothing here; leave the \\ out"


def _wrong_repeat(part: str) -> str:
    counts = _REPEATED.fullmatch(part)
    if counts and int(counts[1]) > int(counts[2]):
        return f"repeats {part}, whose first number is the greater; write the smaller one first"
    return f"repeats too often with {part}; at most 1000 repeats are possible, nested ones multiplied"
