"""Sends short messages through the gateway of a profile."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered, sending
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import newest_state
from services.alerts.models import SmsMessage
from services.alerts.queries import sms_codes as code_queries
from services.alerts.queries import sms_receipts as receipt_queries
from services.alerts.receivers.receivers import Receiver
from services.alerts.sms.gateway import AWAITS_RECEIPT, ShortMessage, SmsGateway, SmsReceiptState
from services.alerts.sms.numbers import number_of
from services.alerts.sms.segments import Segments
from services.alerts.sms.sms_texts import SmsTexts
from shared import events
from shared.failures import outage_logged
from shared.outbound_errors import OutboundError, OutsideExercise

ACCEPTED, DELIVERED = "sms_accepted", "sms_delivered"
ASK_SECONDS = 10.0
RESULTS: Mapping[str, str] = {
    SmsReceiptState.FAILED: "sms_undelivered",
    SmsReceiptState.DELIVERED: DELIVERED,
    SmsReceiptState.READ: DELIVERED,
}


class SmsChannel:
    """As long as no gateway is configured, deliveries are retried."""

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
        return await self._deliver(self._gateway, (job, *job.companions), receiver, number)

    async def _deliver(self, gateway: SmsGateway, jobs: Sequence[Job], receiver: Receiver, number: str) -> str:
        """If the gateway gives receipts, later attempts only look for the receipts.

        Every job gets the result of the SMS about this job.
        """
        if gateway.deadline is None:
            await gateway.send(await self._message(jobs, receiver, number))
            return ACCEPTED
        async with self._sessions() as session:
            sent = await receipt_queries.messages(session, [job.delivery_id for job in jobs])
        results = dict[UUID, str | Undelivered]()
        for rows in rows_of_messages(sent.values()):
            state = await self._state(gateway, rows, gateway.deadline)
            results |= dict.fromkeys((row.delivery_id for row in rows), result_of(state))
        if unsent := [job for job in jobs if job.delivery_id not in sent]:
            result = await self._sent(gateway, unsent, receiver, number)
            results |= dict.fromkeys((job.delivery_id for job in unsent), result)
        return whole_result(results)

    async def _sent(
        self, gateway: SmsGateway, jobs: Sequence[Job], receiver: Receiver, number: str
    ) -> str | Undelivered:
        """Returns an Undelivered error as a value, because an earlier message about these jobs may have succeeded.

        Raises only OutsideExercise, so that the outbox page can show an exercise's messages.
        """
        try:
            message = await self._message(jobs, receiver, number)
            message_id = gateway.receipt_id(message.id, await gateway.send(message))
        except Undelivered as error:
            return error
        except OutsideExercise:
            raise
        except OutboundError as error:
            return Undelivered(error.reason)
        parts = len(message.segments.texts) if gateway.gives_receipts_of_parts else None
        return result_of(await self._store(jobs, message_id, parts))

    async def _store(self, jobs: Sequence[Job], message_id: str | None, parts: int | None) -> str:
        """Stores the message at once, so that no retry sends the message twice.

        The gateway has accepted the message, so the delivery succeeds even if storing fails. Only a stored message can
        get receipts.
        """
        with outage_logged("sms message not stored"):
            async with self._sessions.begin() as session:
                ids = [job.delivery_id for job in jobs]
                early = await receipt_queries.add_messages(session, ids, message_id, datetime.now(UTC), parts=parts)
            return AWAITS_RECEIPT if early is None else RESULTS[early]
        return ACCEPTED

    async def _state(self, gateway: SmsGateway, rows: Sequence[SmsMessage], deadline: timedelta) -> str:
        sent = rows[0]
        is_late = datetime.now(UTC) > sent.accepted_at + deadline
        state = sent.state or await self._stated_state(gateway, sent, message_id_of([row.delivery_id for row in rows]))
        if state is not None and state in RESULTS:
            return RESULTS[state]
        return "no_receipt" if is_late else AWAITS_RECEIPT

    async def _stated_state(self, gateway: SmsGateway, sent: SmsMessage, id: UUID) -> SmsReceiptState | None:
        if not gateway.is_asked or sent.message_id is None:
            return None
        try:
            state = await gateway.receipt(id, sent.message_id, sent.parts or 1)
        except OutboundError:
            return None
        if state is not None:
            async with self._sessions.begin() as session:
                await receipt_queries.store(session, sent, state, datetime.now(UTC))
        return state

    async def _message(self, jobs: Sequence[Job], receiver: Receiver, number: str) -> ShortMessage:
        first, *others = jobs
        if not others:
            return ShortMessage(first.delivery_id, number, await self._segments(first, receiver, number))
        contents = [(Content.model_validate_json(job.content).data, job.cause) for job in jobs]
        asking = [jobs[position].delivery_id for position in self._texts.acknowledged_together(contents)]
        code = await self._code(asking, number, is_combined=True) if asking else None
        id = message_id_of([job.delivery_id for job in jobs])
        return ShortMessage(id, number, self._texts.digest(contents, receiver.language, code))

    async def _segments(self, job: Job, receiver: Receiver, number: str) -> Segments:
        content, code = Content.model_validate_json(job.content), None
        if self._texts.asks_for_reply(content.data, job.cause):
            code = await self._code([job.delivery_id], number)
        state = await newest_state(self._sessions, content.data, job.alert_id, job.cause)
        return self._texts.of(content.data, job.cause, receiver.language, content.hazard, code, state)

    async def _code(self, delivery_ids: Sequence[UUID], number: str, *, is_combined: bool = False) -> str | None:
        async with self._sessions.begin() as session:
            now = datetime.now(UTC)
            return await code_queries.code_of(session, delivery_ids, number, now, is_combined=is_combined)


def result_of(state: str) -> str | Undelivered:
    if state == AWAITS_RECEIPT:
        return Undelivered(state, retry_after=ASK_SECONDS)
    return state if state in (ACCEPTED, DELIVERED) else Undelivered(state, is_final=True)


def whole_result(results: Mapping[UUID, str | Undelivered]) -> str:
    """If any message was not delivered, raises Undelivered with the result of every delivery."""
    errors = [result for result in results.values() if isinstance(result, Undelivered)]
    if errors:
        first = errors[0]
        raise Undelivered(first.reason, is_final=first.is_final, retry_after=first.retry_after, results=results)
    return ACCEPTED if ACCEPTED in results.values() else DELIVERED


def message_id_of(delivery_ids: Sequence[UUID]) -> UUID:
    """Every attempt for the same deliveries has one id.

    A retry about different deliveries gets a different id, because a gateway that compares ids would drop the retry.
    """
    if len(delivery_ids) == 1:
        return delivery_ids[0]
    return events.derived_id("sms", *sorted(str(id) for id in delivery_ids))


def rows_of_messages(sent: Iterable[SmsMessage]) -> Iterable[Sequence[SmsMessage]]:
    rows = defaultdict[str | UUID, list[SmsMessage]](list)
    for row in sent:
        rows[row.message_id or row.delivery_id].append(row)
    return rows.values()
