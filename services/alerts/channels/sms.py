"""Sends short messages through the gateway of a profile."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered, sending
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Content
from services.alerts.models import SmsMessage
from services.alerts.queries import sms_codes as code_queries
from services.alerts.queries import sms_receipts as receipt_queries
from services.alerts.receivers.receivers import Receiver
from services.alerts.sms.gateway import AWAITS_RECEIPT, ShortMessage, SmsGateway, SmsReceiptState
from services.alerts.sms.numbers import number_of
from services.alerts.sms.segments import Segments
from services.alerts.sms.sms_texts import SmsTexts
from shared.outbound import OutboundError

ACCEPTED, DELIVERED = "sms_accepted", "sms_delivered"
ASK_SECONDS = 10.0  # the interval at which the channel looks for a receipt


class SmsChannel:
    """Without a `gateway`, deliveries are retried until somebody configures a gateway."""

    def __init__(
        self,
        settings: AlertsSettings,
        gateway: SmsGateway | None,
        texts: SmsTexts,
        sessions: async_sessionmaker[AsyncSession],
    ) -> None:
        self._settings, self._gateway, self._texts, self._sessions = settings, gateway, texts, sessions

    @sending
    async def send(self, job: Job, receiver: Receiver) -> str:
        if self._settings.exercise and (self._gateway is None or self._gateway.is_outside_exercise):
            return OUTBOX_PAGE
        if self._gateway is None:
            raise Undelivered("no_sms_gateway")
        try:
            number = number_of(receiver.address)
        except ValueError as error:
            raise Undelivered("no_mobile_number", is_final=True) from error
        segments = await self._segments(job, receiver, number)
        return await self._deliver(self._gateway, ShortMessage(job.delivery_id, number, segments))

    async def _deliver(self, gateway: SmsGateway, message: ShortMessage) -> str:
        """Sends the message once.

        If the gateway gives receipts, each later attempt only checks whether the receipt has come.
        """
        if gateway.deadline is None:
            await gateway.send(message)
            return ACCEPTED
        async with self._sessions() as session:
            sent = await session.get(SmsMessage, message.id)
        if sent is None:
            message_id = gateway.receipt_id(message.id, await gateway.send(message))
            sent = SmsMessage(delivery_id=message.id, message_id=message_id, accepted_at=datetime.now(UTC))
            async with self._sessions.begin() as session:
                await receipt_queries.add_message(session, sent)
            if sent.state is None:
                raise Undelivered(AWAITS_RECEIPT, retry_after=ASK_SECONDS)
        return await self._confirmed(gateway, sent, gateway.deadline)

    async def _confirmed(self, gateway: SmsGateway, sent: SmsMessage, deadline: timedelta) -> str:
        is_late = datetime.now(UTC) > sent.accepted_at + deadline
        state = sent.state or await self._asked(gateway, sent)
        if state in (SmsReceiptState.DELIVERED, SmsReceiptState.READ):
            return DELIVERED
        if state == SmsReceiptState.FAILED:
            raise Undelivered("sms_undelivered", is_final=True)
        if is_late:
            raise Undelivered("no_receipt", is_final=True)
        raise Undelivered(AWAITS_RECEIPT, retry_after=ASK_SECONDS)

    async def _asked(self, gateway: SmsGateway, sent: SmsMessage) -> SmsReceiptState | None:
        """Asks the gateway for the receipt and stores its state."""
        if not gateway.is_asked or sent.message_id is None:
            return None
        try:
            state = await gateway.receipt(sent.delivery_id, sent.message_id)
        except OutboundError:
            return None
        if state is not None:
            async with self._sessions.begin() as session:
                await receipt_queries.store(session, sent.delivery_id, state, datetime.now(UTC))
        return state

    async def _segments(self, job: Job, receiver: Receiver, number: str) -> Segments:
        content, code = Content.model_validate_json(job.content), None
        if self._texts.asks_for_reply(content.data, job.cause):
            async with self._sessions.begin() as session:
                code = await code_queries.code_of(session, job.delivery_id, number, datetime.now(UTC))
        return self._texts.of(content.data, job.cause, receiver.language, content.hazard, code)
