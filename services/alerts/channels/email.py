"""Mail over the centre's own server: STARTTLS unless it stands on this machine, one message per delivery."""

import email.errors
import ipaddress
import re
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

import aiosmtplib

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered
from services.alerts.channels.folding import POLICY
from services.alerts.config import AlertsSettings
from services.alerts.notices import Content
from services.alerts.receivers import Receiver
from services.alerts.texts import Text, Texts
from shared import events
from shared.config import secret
from shared.events import AlertRaised
from shared.outbound import TOTAL_SECONDS, Outbound, OutboundError, OutsideExercise

QUIT_SECONDS = 1.0
MOST_THREADS = 10  # a header is no list of a whole night
NO_ADDRESS = (ValueError, IndexError, email.errors.MessageError)  # how `email` says that a text is none
REFUSED_FOR_GOOD = 500  # below it the server asks to be tried again (greylisting, a full box)
# What a server holds against us it often says only when it hears whom the mail is for:
# 530 … (RFC 4954), 5.7.x and 5.1.7, 5.1.8 (RFC 3463). Taken as final,
# a password or a relay that somebody must repair would lose every mail until then.
OF_OURSELVES = frozenset({530, 534, 535, 538})
OF_OUR_RIGHTS = re.compile(r"5\.(7\.\d+|1\.[78])\b|.*\brelay", re.IGNORECASE | re.DOTALL)  # Exim gives no such code


class EmailChannel:
    def __init__(self, settings: AlertsSettings, outbound: Outbound, texts: Texts) -> None:
        self._settings, self._outbound, self._texts = settings, outbound, texts

    async def send(self, job: Job, receiver: Receiver) -> str:
        host = self._settings.alerts_smtp_host
        if host is None and self._settings.exercise:
            return OUTBOX_PAGE
        if host is None:
            raise Undelivered("no_mail_server")
        try:
            return await self._hand_over(host, self.message(job, receiver))
        except OutsideExercise:
            return OUTBOX_PAGE
        except OutboundError as error:
            raise Undelivered(error.reason) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise refusal(error.recipients[0]) from error  # of one
        except aiosmtplib.SMTPDataError as error:
            raise refusal(error) from error
        except aiosmtplib.SMTPResponseException as error:  # our greeting, login or sender: to be repaired, not given up
            raise Undelivered(f"smtp_{error.code}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Undelivered("unreachable") from error
        except NO_ADDRESS as error:  # ours in ALERTS_MAIL_FROM, or the receiver's
            raise Undelivered("not_mailable") from error

    async def _hand_over(self, host: str, message: EmailMessage) -> str:
        client = aiosmtplib.SMTP(
            port=self._settings.alerts_smtp_port, start_tls=False, timeout=TOTAL_SECONDS, tls_context=self._outbound.tls
        )
        try:
            async with self._outbound.in_time(host):
                await self._greet(client, host)
                await client.send_message(message)
            # The server has the mail: whatever becomes of the goodbye, another attempt would only double it.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=QUIT_SECONDS)
        finally:
            client.close()  # also when its time is up in the middle of a word
        return "smtp_250"

    async def _greet(self, client: aiosmtplib.SMTP, host: str) -> None:
        address, *_ = await self._outbound.gate.addresses(host, self._settings.alerts_smtp_port)
        await client.connect(hostname=address)
        if not ipaddress.ip_address(address).is_loopback:
            await client.starttls(server_hostname=host)
        if self._settings.alerts_smtp_username:
            password = secret(self._settings.alerts_smtp_password_file) or ""
            await client.login(self._settings.alerts_smtp_username, password)

    def message(self, job: Job, receiver: Receiver) -> EmailMessage:
        """The same Message-ID whenever the same is told, so that a mail server's second copy can be told."""
        text = self._text(job, receiver.language)
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(self._texts.institution(receiver.language), addr_spec=self._settings.alerts_mail_from)
        message["To"] = receiver.address
        message["Subject"] = text.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = self._id(id_of(job))
        message["References"] = " ".join(self._threads(job))
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.body)
        return message

    def _text(self, job: Job, language: str) -> Text:
        told = [(each.cause, Content.model_validate_json(each.content)) for each in (job, *job.companions)]
        texts = [self._texts.of(content.data, cause, language, content.hazard) for cause, content in told]
        return texts[0] if len(texts) == 1 else self._texts.digest(texts, language)

    def _threads(self, job: Job) -> list[str]:
        """One for each situation: what is told of a hazard, and of whom it affects, stands together."""
        threads = (
            thread_of(Content.model_validate_json(each.content).data, job.recipient) for each in (job, *job.companions)
        )
        return list(dict.fromkeys(map(self._id, threads)))[:MOST_THREADS]

    def _id(self, id: UUID) -> str:
        return f"<{id}@{self._settings.alerts_mail_from.partition('@')[2]}>"


def id_of(job: Job) -> UUID:
    """A digest's is that of all in it: tried again with others it is another mail."""
    if not job.companions:
        return job.delivery_id
    return events.derived_id("digest", *sorted(str(each.delivery_id) for each in (job, *job.companions)))


def thread_of(alert: AlertRaised, recipient: str) -> UUID:
    return events.derived_id("thread", alert.hazard_id or alert.alert_id, recipient)


def refusal(answer: aiosmtplib.SMTPResponseException) -> Undelivered:
    """Final where the server speaks of the receiver or of the message itself."""
    is_of_us = answer.code in OF_OURSELVES or OF_OUR_RIGHTS.match(answer.message)
    return Undelivered(f"smtp_{answer.code}", is_final=answer.code >= REFUSED_FOR_GOOD and not is_of_us)
