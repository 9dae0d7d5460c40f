"""Checks that the TLS certificate of PUBLIC_URL does not end soon."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

SECONDS = 8.0
# Automatic certificates are valid for 12 hours to 90 days, and are renewed after two thirds of their validity.
SOON, SOON_SHARE = timedelta(days=21), 0.2
VERY_SOON, VERY_SOON_SHARE = timedelta(days=3), 0.05


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    address = urlsplit(around.settings.public_url)
    if address.scheme != "https":
        return []
    host, port = address.hostname or "", address.port or 443
    try:
        certificate = await asyncio.to_thread(served, host, port)
    except (OSError, ValueError):
        return [MonitoringFinding(kind=FindingKind.CERTIFICATE_UNREADABLE, level=Level.WARNING, values={"host": host})]
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    level = level_of(begins, ends, around.now)
    if level is None:
        return []
    return [
        MonitoringFinding(kind=FindingKind.CERTIFICATE_ENDS, level=level, values={"host": host, "at": ends.isoformat()})
    ]


def level_of(begins: datetime, ends: datetime, now: datetime) -> Level | None:
    left, life = ends - now, ends - begins
    if left < min(VERY_SOON, life * VERY_SOON_SHARE):
        return Level.FAILED
    return Level.WARNING if left < min(SOON, life * SOON_SHARE) else None


def served(host: str, port: int) -> x509.Certificate:
    """The certificate is not verified, because only its last day is read."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
