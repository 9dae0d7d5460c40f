"""Makes the links in mails by which people act on alerts without signing in.

A link's token belongs to one delivery. The token has the delivery's id, and a keyed digest of this id, the person's
account and the mail address. The token is not stored. A new account or address of the receiver makes old links invalid.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.acts import ActChannel
from services.alerts.delivery.notices import Content, without_restricted_words
from services.alerts.delivery.texts import LOCALES, Text
from services.alerts.models import Act, Delivery
from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from shared.events.vocabulary import DeliveryChannel
from shared.pages.catalogs import translations
from shared.pages.terms import N_

VALID = timedelta(hours=48)  # Links in mails and buttons of Telegram messages are valid for this time.
HOUR = timedelta(hours=1)
MOST_ACTS = 30  # An account may do this number of actions by links in an hour.
ID_BYTES, DIGEST_BYTES = 16, 16
HIDDEN = "****"
OWN_LINK = N_("Without signing in, for 48 hours: {address}")
ONLY_YOURS = N_("This link acts in your name. Do not forward the mail.")
LONGEST_TOKEN = 43  # This is the length of 32 bytes in base64 without padding.


@dataclass(frozen=True, slots=True)
class AnsweredDelivery:
    delivery_id: UUID
    alert_id: UUID
    account: UUID
    cause: str
    content: Content


class AnswerLinks:
    def __init__(self, box: WebhookSecrets, public_url: str) -> None:
        self._box, self._public_url = box, public_url

    def link(self, delivery_id: UUID, receiver: Receiver) -> str | None:
        """Returns None if the receiver is not a person with an account.

        The fragment of the link's address is the token. Browsers do not send the fragment of an address, so no server
        can log the token.
        """
        if receiver.kind is not ReceiverKind.PERSON or receiver.account_id is None:
            return None
        digest = self._digests(delivery_id, receiver.account_id, receiver.address)[0]
        token = base64.urlsafe_b64encode(delivery_id.bytes + digest).decode().rstrip("=")
        return f"{self._public_url}/alerts/answer?lang={receiver.language}#{token}"

    async def delivery_of(self, session: AsyncSession, token: str, now: datetime) -> AnsweredDelivery | None:
        """Returns None if the delivery is older than 48 hours, or if the receiver's account or address changed.

        A receiver may have become external since the mail was sent. An external receiver gets no restricted texts.
        """
        read = read_token(token)
        if read is None:
            return None
        delivery_id, digest = read
        delivery = await session.get(Delivery, delivery_id)
        if delivery is None or delivery.channel != DeliveryChannel.EMAIL or delivery.created_at <= now - VALID:
            return None
        receiver = await self._receiver_of(session, delivery)
        if receiver is None or receiver.account_id is None:
            return None
        digests = self._digests(delivery_id, receiver.account_id, receiver.address)
        if not any(hmac.compare_digest(digest, known) for known in digests):
            return None
        text = delivery.content if receiver.is_internal else without_restricted_words(delivery.content)
        content = Content.model_validate_json(text)
        return AnsweredDelivery(delivery_id, delivery.alert_id, receiver.account_id, delivery.cause, content)

    async def _receiver_of(self, session: AsyncSession, delivery: Delivery) -> Receiver | None:
        receivers = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
        receiver = receivers.get(delivery.recipient)
        removed_at = await receiver_queries.removed_at(session, delivery.recipient)
        if receiver is None or receiver.kind is not ReceiverKind.PERSON:
            return None
        if removed_at is not None and removed_at >= delivery.created_at:
            return None
        further = (await contact_queries.further(session, {receiver.label})).get(receiver.label, ())
        contacts = (receiver.first_contact, *further)
        return next((receiver.at(contact) for contact in contacts if contact.channel is DeliveryChannel.EMAIL), None)

    def _digests(self, delivery_id: UUID, account: UUID, address: str) -> list[bytes]:
        digests = self._box.link_digests(delivery_id.bytes + account.bytes + address.encode())
        return [digest[:DIGEST_BYTES] for digest in digests]


def with_own_link(text: Text, link: str, language: str) -> Text:
    _ = translations(language, LOCALES).gettext
    return Text(text.subject, f"{text.body}\n\n{_(OWN_LINK).format(address=link)}\n{_(ONLY_YOURS)}")


def hidden_link(public_url: str, language: str) -> str:
    """A page shows the link without the token, because whoever has the token can act in the receiver's name."""
    return f"{public_url}/alerts/answer?lang={language}#{HIDDEN}"


def read_token(token: str) -> tuple[UUID, bytes] | None:
    if len(token) != LONGEST_TOKEN or not token.isascii():
        return None
    try:
        read = base64.b64decode(f"{token}=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return UUID(bytes=read[:ID_BYTES]), read[ID_BYTES:]


async def acts_of_last_hour(session: AsyncSession, account: UUID, now: datetime) -> int:
    own = select(func.count()).select_from(Act).where(Act.account_id == account, Act.channel == ActChannel.MAIL.value)
    return await session.scalar(own.where(Act.acted_at > now - HOUR)) or 0
