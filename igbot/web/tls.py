"""The certificate of the public listener, replaced while running when its files change."""

import ssl
from pathlib import Path

from igbot.errors import UsageError

_Fingerprint = tuple[tuple[int, int, int], ...]


class ServerCertificate:
    """A PEM certificate with its key, and the TLS context that serves it.

    `context` stays the same object for life: each handshake picks up the newest certificate. The constructor raises
    UsageError, naming IGBOT_TLS_CERT or IGBOT_TLS_KEY, if the files cannot be used.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._seen = self._fingerprint()
        self.context = self._current = _load(certificate, key)
        self.context.sni_callback = self._choose

    def reload_if_changed(self) -> bool:
        """Takes the files again if they changed since the last look; says whether it did.

        Raises UsageError, once a change, if they cannot be used now; the certificate in use stays.
        """
        seen = self._fingerprint()
        if seen == self._seen:
            return False
        self._seen = seen
        # A whole new context, put in place at once: one that is loaded twice could be left with half of a pair.
        self._current = _load(self._certificate, self._key)
        return True

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _fingerprint(self) -> _Fingerprint:
        return tuple(_stat(path) for path in (self._certificate, self._key))


def _stat(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _load(certificate: Path, key: Path) -> ssl.SSLContext:
    _check_readable(certificate, setting="IGBOT_TLS_CERT", what="certificate")
    _check_readable(key, setting="IGBOT_TLS_KEY", what="key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(
                f"IGBOT_TLS_KEY: {key} is not the key of the certificate in IGBOT_TLS_CERT ({certificate}).",
                hint="Set both to the files of one certificate (for certbot: fullchain.pem and privkey.pem).",
            ) from None
        raise UsageError(
            f"IGBOT_TLS_CERT, IGBOT_TLS_KEY: {certificate} and {key} are no PEM certificate with an unencrypted key.",
            hint="The certificate file holds the whole chain; remove a passphrase with `openssl pkey`.",
        ) from None
    return context


def _check_readable(path: Path, *, setting: str, what: str) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise UsageError(
            f"{setting}: the {what} {path} cannot be read ({error.strerror}).",
            hint=f"Set {setting} to a PEM file that the user running igbot may read.",
        ) from None


def _no_password() -> str:
    # Without it OpenSSL would ask at the terminal for the passphrase of an encrypted key, and wait.
    return ""
