"""Sends Standard Webhooks: signed POST requests. All attempts of a webhook have one id.

Any 2xx answer means that the webhook is delivered.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from cryptography.exceptions import InvalidTag
from standardwebhooks import Webhook

from services.alerts.channels import Job, Undelivered, sending
from services.alerts.delivery.notices import with_page
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared import tracing
from shared.crypto.keyring import UnknownKey
from shared.outbound import Outbound
from shared.retry_after import pause

SUCCESS = 2


class WebhookChannel:
    def __init__(self, outbound: Outbound, box: WebhookSecrets, public_url: str) -> None:
        self._outbound, self._box, self._public_url = outbound, box, public_url

    @sending
    async def send(self, job: Job, receiver: Receiver) -> str:
        try:
            secrets = [self._box.open(sealed, receiver.label) for sealed in job.secrets]
            body = with_page(job.content, job.alert_id, self._public_url)
            headers = signed(job.delivery_id, body, secrets, datetime.now(UTC)) | tracing.headers()
            response = await self._outbound.post(receiver.address, body.encode(), headers)
        except (InvalidTag, UnknownKey) as error:
            # The key that encrypts the secrets is missing. To repair a missing key, restore the key or run `dayar
            # receiver rotate`.
            raise Undelivered("secret_unreadable") from error
        reason, retry_after = f"http_{response.status}", pause(response, datetime.now(UTC))
        if response.status // 100 != SUCCESS:
            raise Undelivered(reason, is_final=response.status == HTTPStatus.GONE, retry_after=retry_after)
        return reason


def signed(delivery_id: UUID, body: str, secrets: list[str], now: datetime) -> dict[str, str]:
    """During the replacement of a secret, the message has two signatures: by the new and by the former secret."""
    id = str(delivery_id)
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(id, now, body) for secret in secrets),
    }
