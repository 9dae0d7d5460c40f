"""Reads the Kafka records of a report, and decrypts their sealed fields."""

from typing import Any

from services.registry.digests import Digests
from services.registry.opening import ReportOpener
from shared import events
from shared.crypto.seal import Opener
from shared.messaging.records import Record
from tests.installation import Installation
from tests.journeys.count import everything


async def records(installation: Installation, topic: str, report_id: str) -> list[Any]:
    opener = ReportOpener(
        Opener(installation.secrets / "seal" / "private"), Digests(installation.secrets / "digest-key")
    )
    wanted = []
    for fetched in await everything(installation, topic, "registry" if topic == "displacements" else "alerts"):
        record = Record(
            topic,
            fetched.partition,
            fetched.offset,
            fetched.timestamp,
            fetched.key,
            fetched.value,
            tuple(fetched.headers),
        )
        event = events.decode(topic, fetched.value, fetched.headers)
        if str(event.data.report_id) == report_id:
            wanted.append(opener(record) if topic == "displacements" else event)
    return wanted
