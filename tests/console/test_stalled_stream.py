"""If the broker does not answer, the consumer waits without an error. The stream must nevertheless say so."""

import asyncio

from services.console.config import ConsoleSettings
from services.console.stream.reader import EventStream
from shared.places import Places
from shared.postgres import database
from tests.console.test_stream import sight_of_hazards, told
from tests.installation import Installation
from tests.waiting import wait_for


async def test_pages_hear_that_the_broker_does_not_answer_and_that_it_answers_again(
    killable_installation: Installation,
) -> None:
    settings = killable_installation.settings(ConsoleSettings)
    stream = EventStream(settings, Places.load(), patience=1, every=0.1)
    kafka = killable_installation.components.kafka
    async with database.opened(settings) as engine, asyncio.TaskGroup() as group:
        reading = group.create_task(stream.run(database.sessions(engine)))
        await wait_for(lambda: stream.is_reading, timeout=60)
        async with stream.listen(sight_of_hazards(), None) as listener:
            await told(listener, 1, b"event: beat")
            kafka.freeze()
            await told(listener, 1, b"event: stalled")
            kafka.resume()
            await told(listener, 1, b"event: beat")
        reading.cancel()
