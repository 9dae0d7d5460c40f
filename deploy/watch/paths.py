"""Sends messages to the administrators by paths that need neither Kafka nor PostgreSQL."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from http import HTTPStatus
from typing import Protocol
from uuid import uuid4

import aiosmtplib
import msgspec

from deploy.watch.messages import Message
from deploy.watch.settings import WatchSettings
from shared.mail.folding import POLICY
from shared.mail.server import MailServer
from shared.outbound import Outbound
from shared.outbound_errors import OutboundError


class NotDelivered(Exception):
    """The administrators did not get the message. `reason` is a code that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Path(Protocol):
    name: str

    async def send(self, message: Message) -> None:
        """Raises NotDelivered."""
        ...


class MailPath:
    name = "mail"

    def __init__(self, settings: WatchSettings, outbound: Outbound) -> None:
        self._settings, self._outbound = settings, outbound

    async def send(self, message: Message) -> None:
        host = self._settings.alerts_smtp_host
        if host is None:
            raise NotDelivered("no_mail_server")
        try:
            await MailServer(host, self._settings, self._outbound).hand_over(self._mail(message))
        except OutboundError as error:
            raise NotDelivered(error.reason) from error
        except aiosmtplib.SMTPResponseException as error:
            raise NotDelivered(f"smtp_{error.code}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotDelivered("unreachable") from error
        except (ValueError, IndexError, MessageError) as error:  # The address in ALERTS_MAIL_FROM is invalid.
            raise NotDelivered("not_mailable") from error

    def _mail(self, message: Message) -> EmailMessage:
        settings, mail = self._settings, EmailMessage(policy=POLICY)
        institution = getattr(settings, f"institution_{settings.watch_language}")
        mail["From"] = Address(institution, addr_spec=settings.alerts_mail_from)
        mail["To"] = ", ".join(settings.watch_mail_to)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=settings.alerts_mail_from.partition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        return mail


class WebhookPath:
    """Posts JSON that has `text` for chat programs, and the findings with their codes."""

    name = "webhook"

    def __init__(self, url: str, outbound: Outbound) -> None:
        self._url, self._outbound = url, outbound

    async def send(self, message: Message) -> None:
        body = {
            "text": f"{message.subject}\n\n{message.body}",
            "findings": [
                {
                    "occasion": report.occasion,
                    "since": report.tracked.since,
                    **report.tracked.finding.model_dump(mode="json"),
                }
                for report in message.reports
            ],
        }
        try:
            response = await self._outbound.post(self._url, msgspec.json.encode(body), headers())
        except OutboundError as error:
            raise NotDelivered(error.reason) from error
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotDelivered(f"http_{response.status}")


def headers() -> dict[str, str]:
    """Return the headers of an unsigned Standard Webhook."""
    return {
        "Content-Type": "application/json",
        "webhook-id": str(uuid4()),
        "webhook-timestamp": str(int(time.time())),
    }


def of(settings: WatchSettings, outbound: Outbound) -> list[Path]:
    """An exercise sends nothing outside, so it has no paths."""
    return [] if settings.exercise else list(_configured(settings, outbound))


def _configured(settings: WatchSettings, outbound: Outbound) -> Iterable[Path]:
    if settings.watch_mail_to:
        yield MailPath(settings, outbound)
    if settings.watch_webhook:
        yield WebhookPath(settings.watch_webhook, outbound)
