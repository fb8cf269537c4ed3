"""A self-signed certificate for development, made once into the data directory."""

import os
import tempfile
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from igbot.errors import UsageError

_LIFETIME = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=7)


def development_certificate(data_dir: Path, *, now: datetime) -> tuple[Path, Path]:
    """The paths of a certificate for this machine's loopback names and of its key, for `ServerCertificate`.

    An existing one is kept while it is valid for another week from `now`. Both are one PEM file (0600), so that two
    processes starting at once cannot mix two pairs. Raises UsageError if the directory cannot be written.
    """
    path = data_dir / "self-signed.pem"
    try:
        if not _is_usable(path, now):
            _write(path, _make(now))
    except OSError as error:
        raise UsageError(
            f"IGBOT_DATA_DIR: the development certificate {path} cannot be written ({error.strerror}).",
            hint="Set IGBOT_DATA_DIR to a directory that the user running igbot may write.",
        ) from None
    return path, path


def _is_usable(path: Path, now: datetime) -> bool:
    try:
        pem = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        key = serialization.load_pem_private_key(pem, password=None)
    except (FileNotFoundError, ValueError, TypeError):
        return False
    return (
        certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - _RENEW_BEFORE
    )


def _make(now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "igbot development")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, pem: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file readable by its owner alone.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".self-signed-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
