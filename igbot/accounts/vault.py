"""Access tokens are sealed with Fernet before they touch the database, and opened only in memory (requirement 4.4)."""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from igbot.accounts.encryption_key import development_key
from igbot.errors import IgbotError, UsageError
from igbot.settings.model import Settings

LONGEST = 4096
"""Characters; Meta's tokens have a few hundred, and a header has to hold one."""
_OLD_MARK = re.compile(r"[0-9a-f]{64}")


class TokenSealed(IgbotError):
    """The stored token cannot be opened with any of the keys."""


class TokenMalformed(UsageError):
    """A text that cannot be an access token."""


class TokenVault:
    """Seals and opens tokens. The first key seals, every key opens.

    `keys_made_here`: the keys are this machine's own, made where none was set, and gone with its data directory.
    Raises UsageError for a key that is none.
    """

    def __init__(self, keys: Sequence[str], *, keys_made_here: bool = False) -> None:
        self.keys_made_here = keys_made_here
        self._keys = tuple(keys)
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise UsageError(
                "IGBOT_ENCRYPTION_KEY holds something that is no Fernet key",
                hint="a key is 32 random bytes in URL-safe base64 (44 characters); several are separated by commas",
            ) from error

    def seal(self, token: str) -> str:
        """The token as it may be stored."""
        return self._fernet.encrypt(token.encode()).decode()

    def open(self, sealed: str | None) -> str:
        """The token in clear. Raises TokenSealed."""
        try:
            return self._fernet.decrypt((sealed or "").encode()).decode()
        except (InvalidToken, UnicodeDecodeError):
            raise _sealed(sealed) from None

    def seal_again(self, sealed: str) -> str:
        """What any key has sealed, sealed with the first. Raises TokenSealed."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise _sealed(sealed) from None

    def mark(self, value: str) -> str:
        """What tells later, by `came_from`, whether the environment's value is still this one: its digest, sealed."""
        return self.seal(hashlib.sha256(value.encode()).hexdigest())

    def came_from(self, mark: str | None, value: str) -> bool | None:
        """Whether a stored mark is that of this value; None where no key opens the mark.

        An older igbot's mark is a plain HMAC under one of the keys; what it was made of nobody can tell without it.
        """
        if not mark:
            return False
        if is_old_mark(mark):
            return any(hmac.compare_digest(mark, _hmac(key, value)) for key in self._keys)
        try:
            digest = self.open(mark)
        except TokenSealed:
            return None
        return hmac.compare_digest(digest, hashlib.sha256(value.encode()).hexdigest())


def vault_of(settings: Settings, *, hide: Callable[[str], None]) -> TokenVault:
    """The vault of the keys that are set, or of this machine's own where none is; `hide` learns each.

    Raises UsageError for a key that is none, and for a data directory that cannot be used.
    """
    keys = settings.encryption_keys or (development_key(settings.data_dir),)
    for key in keys:
        hide(key)
    return TokenVault(keys, keys_made_here=not settings.encryption_keys)


def is_old_mark(mark: str) -> bool:
    """Whether a mark has the form of an older igbot, which is of no use once its key is gone."""
    return _OLD_MARK.fullmatch(mark) is not None


def token_in(text: str) -> str:
    """The access token that somebody gave, without the line break at its end.

    Raises TokenMalformed, without a word of what was given.
    """
    token = text.removesuffix("\n").removesuffix("\r")
    wrong = _malformation(token)
    if wrong:
        raise TokenMalformed(
            f"this is no access token: it {wrong}", hint="give the token alone, on one line, as Meta shows it"
        )
    return token


def _malformation(token: str) -> str | None:
    if not token:
        return "is empty"
    if re.search(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", token):
        return "has a line break inside"
    if re.search(r"\s", token):
        return "has a blank at its end or inside"
    if not re.fullmatch(r"[!-~]+", token):
        return "has a character that no token has (outside of printable ASCII)"
    if len(token) > LONGEST:
        return f"is longer than {LONGEST} characters"
    return None


def _sealed(sealed: str | None) -> TokenSealed:
    hint = "add the key it was sealed with to IGBOT_ENCRYPTION_KEY, or give a new token with `igbot token set`"
    if not sealed:
        return TokenSealed("the stored access token is empty", hint="give a token with `igbot token set`")
    return TokenSealed("the stored access token cannot be opened with any key of IGBOT_ENCRYPTION_KEY", hint=hint)


def _hmac(key: str, value: str) -> str:
    return hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()
