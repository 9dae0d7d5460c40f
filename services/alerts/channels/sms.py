"""Sends short messages through the gateway of a profile."""

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered
from services.alerts.config import AlertsSettings
from services.alerts.notices import Content
from services.alerts.receivers import Receiver
from services.alerts.sms.gateway import GatewayRefusal, ShortMessage, SmsGateway
from services.alerts.sms.numbers import number_of
from services.alerts.sms.segments import Segments
from services.alerts.sms.sms_texts import SmsTexts
from shared.outbound import OutboundError, OutsideExercise

DELIVERED = "sms_accepted"


class SmsChannel:
    """Without a `gateway`, deliveries are retried until somebody sets one."""

    def __init__(self, settings: AlertsSettings, gateway: SmsGateway | None, texts: SmsTexts) -> None:
        self._settings, self._gateway, self._texts = settings, gateway, texts

    async def send(self, job: Job, receiver: Receiver) -> str:
        if self._settings.exercise and (self._gateway is None or self._gateway.is_outside_exercise):
            return OUTBOX_PAGE
        if self._gateway is None:
            raise Undelivered("no_sms_gateway")
        try:
            number = number_of(receiver.address)
        except ValueError as error:
            raise Undelivered("no_mobile_number", is_final=True) from error
        try:
            await self._gateway.send(ShortMessage(job.delivery_id, number, self._segments(job, receiver)))
        except OutsideExercise:
            return OUTBOX_PAGE
        except OutboundError as error:
            raise Undelivered(error.reason) from error
        except GatewayRefusal as refusal:
            raise Undelivered(refusal.reason, is_final=refusal.is_final, retry_after=refusal.retry_after) from refusal
        return DELIVERED

    def _segments(self, job: Job, receiver: Receiver) -> Segments:
        content = Content.model_validate_json(job.content)
        return self._texts.of(content.data, job.cause, receiver.language, content.hazard)
