"""Guesses what was meant by a word that is not known."""

from collections.abc import Collection

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract


def did_you_mean(written: str, known: Collection[str]) -> str:
    """A question with the known name that looks most like what was written, or nothing."""
    # Nobody mistypes sixty letters.
    wanted = written[:60].lower()
    if len(wanted) < 2:
        return ""
    # The names are often those of all rules, which take longer to sort than to look through.
    found = extract(wanted, list(known), scorer=OSA.normalized_similarity, score_cutoff=0.6, limit=None)
    if found:
        close = min(found, key=lambda each: (-each[1], each[0]))[0]
    else:
        close = min((name for name in known if name.startswith(wanted)), default="")
    return f'did you mean "{close}"?' if close else ""
