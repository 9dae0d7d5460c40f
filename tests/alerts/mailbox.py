"""A real mail server that stores the mails it accepts."""

import asyncio
import email
import email.policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.alerts.config import AlertsSettings


class Box:
    """The mails that a server accepted.

    `answer` is the server's reply to the next message. `answer_to_recipient` is the server's reply to the command RCPT.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        self.answer_to_helo = "250 OK"
        self.answer_to_sender = "250 OK"
        self.answer_to_recipient = "250 OK"
        self.goodbye = "221 Bye"
        self.password = b"right"

    def admits(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=login.password == self.password, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return answers if self.answer_to_helo.startswith("250") else [self.answer_to_helo]

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:  # noqa: N802
        session.host_name = hostname
        return self.answer_to_helo

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answer_to_sender

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.answer

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self.goodbye:
            await asyncio.Event().wait()
        return self.goodbye


def settings_for(
    host: str | None,
    port: int = 25,
    *,
    allow: bool = True,
    exercise: bool = False,
    sender: str = "alerts@centre.example",
) -> AlertsSettings:
    settings = AlertsSettings(
        alerts_smtp_host=host,
        alerts_smtp_port=port,
        alerts_mail_from=sender,
        outbound_allow=(f"{host}:{port}",) if allow else (),
    )
    return settings.model_copy(update={"exercise": exercise})
