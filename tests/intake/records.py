"""The Kafka records of a report, with their sealed fields decrypted."""

from typing import Any

from services.registry.digests import Digests
from services.registry.opening import ReportOpener
from shared import events
from shared.crypto.seal import Opener
from shared.messaging.records import Record
from tests.installation import Installation
from tests.journeys.count import everything


async def records(installation: Installation, topic: str, report_id: str) -> list[Any]:
    """The records of a report, with their sealed fields decrypted."""
    opener = ReportOpener(
        Opener(installation.secrets / "seal" / "private"), Digests(installation.secrets / "digest-key")
    )
    found = []
    for each in await everything(installation, topic, "alerts" if topic == "hazards" else "registry"):
        record = Record(topic, each.partition, each.offset, each.timestamp, each.key, each.value, tuple(each.headers))
        event = events.decode(topic, each.value, each.headers)
        if str(event.data.report_id) == report_id:
            found.append(opener(record) if topic == "displacements" else event)
    return found
