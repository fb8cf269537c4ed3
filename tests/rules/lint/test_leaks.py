"""Secrets in rule files."""

import pytest

from tests.rules.lint.finding import found

KEY = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "secret",
    [
        "EAAB" + "x1Y2" * 20,
        "IGQVJ" + "x1Y2" * 20,
        "sk-proj-" + "x1Y2" * 8,
        "AKIA" + "ABCD1234" * 2,
        "ghp_" + "x1Y2" * 9,
        KEY,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4",
    ],
)
def test_a_secret_is_found_and_never_shown(secret: str) -> None:
    """Not in the message, the hint or the line that is printed; the caret stands under it."""
    (finding,) = found("R068", f"- {{name: a, keywords: [x], reply: 'Code {secret} for you'}}")
    assert (finding.line, finding.column, finding.severity, finding.width) == (3, 43, "warning", len(secret))
    assert secret[6:] not in f"{finding}"
    assert finding.excerpt.endswith(f"Code {'•' * len(secret)} for you'}}")
    assert "have a new one made" in finding.hint


def test_a_secret_beside_its_name_is_found_in_comments_too() -> None:
    """Wherever it is in the file."""
    assert [
        each.line for each in found("R068", "- {name: a, keywords: [x], reply: b}", "# api_key: s3cr3tS3cr3tS3cr3t")
    ] == [2]


@pytest.mark.parametrize(
    "text", ["call 0034912345678", "IBAN ES9121000418450200051332", "https://a.example/" + "x" * 40]
)
def test_long_words_that_are_no_secrets_are_left_alone(text: str) -> None:
    """Numbers and links that customers are meant to see."""
    assert not found("R068", f"- {{name: a, keywords: [x], reply: '{text}'}}")
