"""Certificates for the tests of the listeners."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import trustme


@dataclass(frozen=True)
class Https:
    """A server context with a certificate for this machine, and the authority that signed it."""

    authority: trustme.CA
    server: ssl.SSLContext

    def client(self) -> aiohttp.ClientSession:
        """A session that checks certificates, and trusts the authority alone."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))


@pytest.fixture(scope="session")
def https() -> Https:
    """HTTPS on loopback as a public authority would have signed it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return Https(authority, context)


@dataclass(frozen=True)
class PemFiles:
    """A certificate and its key on disk."""

    certificate: Path
    key: Path

    def write(self, issued: trustme.LeafCert) -> None:
        """Puts another pair in their place."""
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.key.write_bytes(issued.private_key_pem.bytes())


@pytest.fixture
def pem(https: Https, tmp_path: Path) -> PemFiles:
    """A pair for localhost, signed by the authority."""
    files = PemFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
    files.write(https.authority.issue_cert("localhost", "127.0.0.1", common_name="first"))
    return files
