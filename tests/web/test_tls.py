"""The certificate of the public listener: its files, its mistakes, its renewal while running."""

import asyncio
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from igbot.errors import UsageError
from igbot.web.self_signed import development_certificate
from igbot.web.tls import ServerCertificate
from tests.web.conftest import Https, PemFiles
from tests.web.serving import Kept, public_app, serving

NOW = datetime.now(UTC)


async def common_name(https: Https, port: int) -> str:
    """The common name of the certificate that a fresh connection is shown."""
    context = ssl.create_default_context()
    https.authority.configure_trust(context)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    subject = writer.get_extra_info("peercert")["subject"]
    writer.close()
    return str(dict(pair for group in subject for pair in group)["commonName"])


async def test_a_renewed_certificate_is_served_without_a_restart(https: Https, pem: PemFiles) -> None:
    """After `reload_if_changed` the next connection gets the new one; unchanged files change nothing."""
    certificate = ServerCertificate(pem.certificate, pem.key)
    async with serving(public_app(Kept()), tls=certificate.context) as listeners:
        assert await common_name(https, listeners.public_port) == "first"
        assert certificate.reload_if_changed() is False
        pem.write(https.authority.issue_cert("127.0.0.1", common_name="second"))
        assert certificate.reload_if_changed() is True
        assert await common_name(https, listeners.public_port) == "second"


async def test_a_broken_renewal_keeps_the_certificate_in_use(https: Https, pem: PemFiles) -> None:
    """Half a renewal (the certificate, not yet its key) is told once, and mended by the other half."""
    certificate = ServerCertificate(pem.certificate, pem.key)
    renewed = https.authority.issue_cert("127.0.0.1", common_name="second")
    async with serving(public_app(Kept()), tls=certificate.context) as listeners:
        pem.certificate.write_bytes(renewed.cert_chain_pems[0].bytes())
        with pytest.raises(UsageError, match="IGBOT_TLS_KEY"):
            certificate.reload_if_changed()
        assert certificate.reload_if_changed() is False
        assert await common_name(https, listeners.public_port) == "first"
        pem.key.write_bytes(renewed.private_key_pem.bytes())
        assert certificate.reload_if_changed() is True
        assert await common_name(https, listeners.public_port) == "second"


def test_a_vanished_certificate_is_told_and_the_old_one_stays(pem: PemFiles) -> None:
    """Deleting the files does not stop a running server."""
    certificate = ServerCertificate(pem.certificate, pem.key)
    pem.certificate.unlink()
    with pytest.raises(UsageError, match="IGBOT_TLS_CERT"):
        certificate.reload_if_changed()


def test_a_missing_file_names_its_setting(pem: PemFiles) -> None:
    """Each of the two is named by its own setting, in one line, as wrong usage."""
    with pytest.raises(UsageError, match=r"IGBOT_TLS_CERT: the certificate .*nowhere"):
        ServerCertificate(pem.certificate.with_name("nowhere"), pem.key)
    with pytest.raises(UsageError, match=r"IGBOT_TLS_KEY: the key .*nowhere") as raised:
        ServerCertificate(pem.certificate, pem.key.with_name("nowhere"))
    assert raised.value.exit_code == 2
    assert raised.value.hint


def test_a_directory_in_place_of_a_file_names_its_setting(pem: PemFiles, tmp_path: Path) -> None:
    """What is there but cannot be read is told like what is not there."""
    with pytest.raises(UsageError, match="IGBOT_TLS_CERT"):
        ServerCertificate(tmp_path, pem.key)


def test_a_key_that_does_not_match_is_told(https: Https, pem: PemFiles) -> None:
    """The key of another certificate is refused before anything listens."""
    other = https.authority.issue_cert("localhost")
    pem.key.write_bytes(other.private_key_pem.bytes())
    with pytest.raises(UsageError, match="not the key of the certificate"):
        ServerCertificate(pem.certificate, pem.key)


def test_files_that_are_no_pem_are_told(pem: PemFiles) -> None:
    """Neither traceback nor OpenSSL's words."""
    pem.certificate.write_bytes(b"\x00 not a certificate")
    with pytest.raises(UsageError, match="no PEM certificate"):
        ServerCertificate(pem.certificate, pem.key)


def test_an_encrypted_key_is_refused_without_asking_for_its_passphrase(pem: PemFiles) -> None:
    """Nobody sits at a server's terminal."""
    pem.key.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(UsageError, match="unencrypted key"):
        ServerCertificate(pem.certificate, pem.key)


def test_old_tls_versions_are_not_spoken(pem: PemFiles) -> None:
    """TLS 1.2 is the least."""
    assert ServerCertificate(pem.certificate, pem.key).context.minimum_version == ssl.TLSVersion.TLSv1_2


def self_signed(data_dir: Path, *, days: int = 0) -> Path:
    """The one file of the development certificate, asked for `days` from now."""
    certificate, key = development_certificate(data_dir, now=NOW + timedelta(days=days))
    assert certificate == key
    return certificate


def test_the_development_certificate_is_made_once(tmp_path: Path) -> None:
    """It is usable at once, private to its owner, and kept until a week before its end."""
    path = self_signed(tmp_path / "new")
    ServerCertificate(path, path)
    made = path.read_bytes()
    assert self_signed(tmp_path / "new", days=300).read_bytes() == made
    assert self_signed(tmp_path / "new", days=360).read_bytes() != made
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_development_certificate_names_this_machine(tmp_path: Path) -> None:
    """localhost and both loopback addresses are on it."""
    certificate = x509.load_pem_x509_certificate(self_signed(tmp_path).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_a_damaged_development_certificate_is_made_anew(tmp_path: Path) -> None:
    """A file cut off in the middle does not stop the next start."""
    path = self_signed(tmp_path)
    path.write_bytes(path.read_bytes()[:300])
    ServerCertificate(self_signed(tmp_path), path)


def test_a_data_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The setting is named; here a file stands where the directory should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="IGBOT_DATA_DIR"):
        self_signed(tmp_path / "file")
