"""Guesses what was meant by a word that is not known."""

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(written: str, known: Collection[str]) -> str:
    """A question with the known name that looks most like what was written, or nothing."""
    # Comparing is quadratic, and nobody mistypes sixty letters.
    close = get_close_matches(written[:60].lower(), known, n=1)
    return f'did you mean "{close[0]}"?' if close else ""
