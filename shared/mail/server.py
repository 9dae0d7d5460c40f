"""Hands mails to the centre's own mail server. The connection uses STARTTLS, unless the server is on this machine."""

import ipaddress
from contextlib import suppress
from email.message import EmailMessage

import aiosmtplib

from shared.config import Settings, secret
from shared.outbound import TOTAL_SECONDS, Outbound

QUIT_SECONDS = 1.0


class MailServerSettings(Settings):
    """The mail server of the alerts service and of `dayar watch`."""

    alerts_smtp_host: str | None = None
    alerts_smtp_port: int = 587
    alerts_smtp_username: str | None = None
    alerts_smtp_password_file: str | None = None
    alerts_mail_from: str = "alerts@localhost"


class MailServer:
    def __init__(self, host: str, settings: MailServerSettings, outbound: Outbound) -> None:
        self._host, self._settings, self._outbound = host, settings, outbound

    async def hand_over(self, message: EmailMessage) -> None:
        """Return when the server has accepted the mail. Raises OutboundError, SMTPException, OSError."""
        client = aiosmtplib.SMTP(
            port=self._settings.alerts_smtp_port, start_tls=False, timeout=TOTAL_SECONDS, tls_context=self._outbound.tls
        )
        try:
            async with self._outbound.in_time(self._host):
                await self._greet(client)
                await client.send_message(message)
            # The server has accepted the mail. A failure of QUIT is ignored, because a retry would send the mail twice.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=QUIT_SECONDS)
        finally:
            client.close()  # close without QUIT, because the timeout may have interrupted another command

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        address, *_ = await self._outbound.gate.addresses(self._host, self._settings.alerts_smtp_port)
        await client.connect(hostname=address)
        if not ipaddress.ip_address(address).is_loopback:
            await client.starttls(server_hostname=self._host)
        if self._settings.alerts_smtp_username:
            password = secret(self._settings.alerts_smtp_password_file) or ""
            await client.login(self._settings.alerts_smtp_username, password)
