"""The ledger counts unprocessed records too. Old unread records raise an alarm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.events import TOPICS
from shared.messaging import ledger
from tests.shared.trial import SERVICE, TOPIC, Trial, event, hazard

pytestmark = pytest.mark.anyio


async def test_records_that_nobody_has_begun_to_read_are_unprocessed(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(20)))
    rows = await trial.rows()
    assert sum(row.on_its_way or 0 for row in rows) == 20
    assert all(row.is_balanced for row in rows)


async def test_a_partition_states_the_age_of_its_oldest_unread_record(trial: Trial) -> None:
    """Even before any worker has started, the ledger computes the age.

    A partition has no age if all its records are read.
    """
    # Kafka truncates timestamps to milliseconds, so `before` is a second earlier
    before = datetime.now(UTC) - timedelta(seconds=1)
    await trial.publish(event(hazard()))
    rows = await trial.rows()
    (waiting,) = [row for row in rows if row.end]
    assert waiting.unread_since is not None and before < waiting.unread_since < datetime.now(UTC)
    assert [row.unread_since for row in rows if not row.end] == [None] * (len(rows) - 1)
    async with trial.running(trial.consumer()):
        await trial.drained()
    assert ledger.oldest_unread(await trial.rows()) is None


async def test_a_count_that_was_changed_by_hand_does_not_balance(trial: Trial) -> None:
    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer()):
        await trial.drained()
    await trial.fetch("UPDATE ledger SET count = count + 1 RETURNING 1")
    assert [row.is_balanced for row in await trial.rows() if row.end] == [False]


async def test_a_record_unread_for_half_of_the_retention_raises_an_alarm(
    whole_trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOPICS, TOPIC, replace(TOPICS[TOPIC], kept_days=30))
    assert await is_in_time(whole_trial, kept=timedelta(minutes=1))
    await whole_trial.publish(event(hazard()))
    assert await is_in_time(whole_trial, kept=timedelta(minutes=1))
    assert not await is_in_time(whole_trial, kept=timedelta(milliseconds=1))
    oldest = ledger.oldest_unread(await whole_trial.rows())
    assert oldest is not None and datetime.now(UTC) - oldest < timedelta(minutes=1)


async def is_in_time(trial: Trial, *, kept: timedelta) -> bool:
    settings = trial.settings.model_copy(update={"displacements_days": kept / timedelta(days=1)})
    return await ledger.Unread(SERVICE, settings, trial.sessions).is_in_time()
