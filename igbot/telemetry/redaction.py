"""Takes secrets out of text: the values we know, however they are encoded, and whatever looks like one."""

import json
import re
from collections.abc import Iterable

MARK = "***"
"""What stands in a secret's place."""

SHORTEST = 6
"""Known values below this length are left to the patterns: hiding `test` everywhere would hide the log itself."""

_NAMES = (
    r"(?:[a-z_]{0,30}token|client_secret|app_?secret|secret|appsecret_proof|password|passwd|pwd|api_?key"
    r"|x-amz-signature|signature|signed_request|sig)"
)

_TOKENS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![A-Za-z0-9])(?:EAA|IGAA|IGQV)[A-Za-z0-9_-]{8,}"), MARK),
    (re.compile(r"gAAAA[A-Za-z0-9_-]{20,}={0,2}"), MARK),
)

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Media of customers: whoever has the signed address has the picture.
    (re.compile(r"((?:fbsbx\.com|fbcdn\.net|cdninstagram\.com)[^\s\"'<>?]{0,2000})\?[^\s\"'<>]+"), rf"\1?{MARK}"),
    (re.compile(r"://[^\s/@?#\"']{1,512}@"), f"://{MARK}@"),
    (
        re.compile(r"\b(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?)(?:[a-z]{1,20}\s{1,3})?[^\s\"']+", re.I),
        rf"\1{MARK}",
    ),
    (re.compile(r"\b(bearer|basic|oauth)\s{1,3}[a-z0-9._~+/=|-]{8,}", re.I), rf"\1 {MARK}"),
    *_TOKENS,
    (re.compile(r"\b(sha1|sha256)=[0-9a-f]{8,}", re.I), rf"\1={MARK}"),
    (re.compile(rf"(?<![a-z])({_NAMES})((?:=|%3D)\s?[\"']?)[^\s\"'&,;<>()\[\]{{}}]+", re.I), rf"\1\2{MARK}"),
    (re.compile(rf"([\"'])({_NAMES})(\\?[\"']\s{{0,3}}:\s{{0,3}}\\?[\"'])[^\"'\\]+", re.I), rf"\1\2\3{MARK}"),
)

# Without one of these, or a word that `harmless` names, none of the patterns above finds anything in an ASCII text
# whose quotes are escaped; and without `%` and the backslash a known secret is spelled as it is.
_CLUES = ("=", "%", "@", "?", "'", "\\", "EAA", "IGAA", "IGQV", "gAAAA")

# Most of what is logged is one word (an id, a name, a number): nothing but a bare token can hide in it.
_WORD = re.compile(r"[A-Za-z0-9_.+-]*")

_SECRET_FIELD = re.compile(rf"(?:.{{0,60}}[_.-])?(?:{_NAMES}|authorization|cookie|encryption_keys?)s?", re.I | re.S)


class Redactor:
    """Knows the secret values of this process and hides them.

    `secrets` are known at the start; `hide` adds one that turns up later (a refreshed token, a generated password).
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self._clues: tuple[str, ...] = _CLUES
        self._longest = self._shortest = 0
        self._learn(secrets)

    def hide(self, secret: str) -> None:
        """From now on this value is hidden too (values shorter than six characters cannot be)."""
        self._learn([secret])

    def clean(self, text: str, *, limit: int | None = None) -> str:
        """The text without secrets. Only what stands within its first `limit` characters is looked at and kept.

        A secret that begins before the limit is hidden whole, so a cut never leaves the head of one.
        """
        if limit is not None and len(text) > limit:
            text = self._hide_known(text[: limit + self._longest], end=limit)
        else:
            text = self._hide_known(text, end=len(text))
        for pattern, replacement in _TOKENS if _WORD.fullmatch(text) else _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def harmless(self, line: str) -> bool:
        """Whether a line of JSON holds surely nothing to hide in any of its strings: `clean` would keep each as it is.

        Cheap, and often wrong the other way: a line that is not harmless need not hold a secret.
        """
        if not line.isascii():
            return False
        for clue in self._clues:
            if clue in line:
                return False
        line = line.lower()
        return not ("authorization" in line or "bearer" in line or "basic" in line or "oauth" in line)

    def _learn(self, secrets: Iterable[str]) -> None:
        known = self._secrets | {secret for secret in secrets if len(secret) >= SHORTEST}
        if known == self._secrets:
            return
        self._secrets = known
        self._longest = max(_encoded_length(secret) for secret in known)
        self._shortest = min(len(secret) for secret in known)
        # Without escapes each character stands for itself, but a space perhaps as `+`: the piece between two spaces
        # stays. Of a secret of nothing but spaces that piece is empty, and then no line is harmless.
        self._clues = (*_CLUES, *{max(secret.split(" "), key=len) for secret in known})
        # Longest first: where one secret is the head of another, the whole of the longer one goes.
        self._known = re.compile("|".join(_any_encoding(secret) for secret in sorted(known, key=len, reverse=True)))

    def _hide_known(self, text: str, *, end: int) -> str:
        if self._known is None or len(text) < self._shortest:
            return text[:end]
        kept: list[str] = []
        position = 0
        for found in self._known.finditer(text):
            if found.start() >= end:
                break
            kept += [text[position : found.start()], MARK]
            position = found.end()
        kept.append(text[position:end])
        return "".join(kept)


def names_a_secret(field: str) -> bool:
    """Whether a field of this name holds a secret whatever its value is (`access_token`, `Authorization` …)."""
    return _SECRET_FIELD.fullmatch(field) is not None


def _encoded_length(secret: str) -> int:
    return sum(1 if char.isascii() and char.isalnum() else 12 for char in secret)


def _any_encoding(secret: str) -> str:
    """A pattern for a secret as it is, percent-encoded, or escaped as JSON and `repr` do, even in part."""
    return "".join(_any_spelling(char) for char in secret)


def _any_spelling(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    raw = char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass")
    json_escape = "".join(rf"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
    spellings = [re.escape(char), "(?i:" + "".join(f"%{byte:02x}" for byte in raw) + ")", f"(?i:{json_escape})"]
    spellings += [re.escape(quote(char)[1:-1]) for quote in (json.dumps, ascii, repr)]
    if char.isascii():
        spellings.append(r"\\" + re.escape(char))
    if char == " ":
        spellings.append(r"\+")
    # Escaped spellings first: an alternation takes the first that fits, and a bare backslash must not win over `\\`.
    unique = sorted(set(spellings), key=len, reverse=True)
    return f"(?:{'|'.join(unique)})"
