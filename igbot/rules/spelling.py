"""Guesses what was meant by a word that is not known."""

from collections.abc import Collection

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne


def did_you_mean(written: str, known: Collection[str]) -> str:
    """A question with the known name that looks most like what was written, or nothing."""
    # Nobody mistypes sixty letters.
    wanted = written[:60].lower()
    if len(wanted) < 2:
        return ""
    names = sorted(known)
    found = extractOne(wanted, names, scorer=OSA.normalized_similarity, score_cutoff=0.6)
    close = found[0] if found else next((name for name in names if name.startswith(wanted)), "")
    return f'did you mean "{close}"?' if close else ""
