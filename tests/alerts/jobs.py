"""Makes claimed deliveries of a new alert, for the tests of channels."""

from typing import Any
from uuid import uuid4

from services.alerts import transitions
from services.alerts.channels import Job
from services.alerts.delivery.notices import Cause, content_of
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from shared.places.watched import WatchedArea
from tests.alerts.factories import NOW, hazard, rules

WATCHED = WatchedArea.load()


def job_to(receiver: Receiver, **changed: Any) -> Job:
    finding = decide(hazard(**changed), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    content = content_of(transitions.raised(finding, None, NOW), Cause.RAISED)
    return Job(
        delivery_id=uuid4(),
        alert_id=uuid4(),
        step=1,
        cause=Cause.RAISED,
        content=content,
        lease=uuid4(),
        attempt=1,
        age_seconds=0,
        recipient=receiver.label,
        channel=receiver.channel,
        receiver=receiver,
        secrets=(),
    )
