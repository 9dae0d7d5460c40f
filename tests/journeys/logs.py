"""Reads the records of a topic as events."""

from typing import Any

from shared import events
from shared.events import Event
from tests.installation import Installation
from tests.journeys.count import everything


async def events_on(installation: Installation, topic: str) -> list[Event[Any]]:
    """Returns the events of a topic, in order within each partition.

    The topic must be one that the console may read.
    """
    return [
        events.decode(topic, record.value, list(record.headers)) for record in await everything(installation, topic)
    ]
