"""Workers as processes of their own: killed, frozen and multiplied, and still each effect once."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.process import Process
from tests.installation import Installation
from tests.shared.trial import Trial, event, hazard
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


@pytest.fixture
async def trial(installation: Installation) -> AsyncIterator[Trial]:
    async with Trial(installation) as found:
        yield found


def worker(trial: Trial, **env: str) -> Process:
    return trial.installation.run("tests.shared.trial", env=env)


async def count(trial: Trial) -> int:
    return sum((await trial.effects()).values())


async def test_killed_in_the_middle_of_the_stream_each_effect_comes_once(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(1000)))
    for goal in (100, 300, 500):
        process = worker(trial, TRIAL_SECONDS="0.02")
        await wait_for(lambda goal=goal: reached(trial, goal), 30)
        process.kill9()
    worker(trial)
    assert await trial.drained() == {"recorded": 1000}
    effects = await trial.effects()
    assert len(effects) == 1000 and set(effects.values()) == {1}


async def test_frozen_while_another_works_then_awake_each_effect_comes_once(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(400)))
    frozen = worker(trial, TRIAL_SECONDS="0.3")
    await wait_for(lambda: reached(trial, 40), 30)
    frozen.freeze()
    other = worker(trial, TRIAL_SECONDS="0.1")
    await trial.publish(*(event(hazard()) for _ in range(400)))
    await wait_for(lambda: reached(trial, 500), 60)
    frozen.resume()
    await trial.publish(*(event(hazard()) for _ in range(400)))
    assert await trial.drained() == {"recorded": 1200}
    effects = await trial.effects()
    assert len(effects) == 1200 and set(effects.values()) == {1}
    assert "fenced" in frozen.log.read_text() or "waits" in frozen.log.read_text()
    assert {frozen.pid, other.pid} == {pid for (pid,) in await trial.fetch("SELECT DISTINCT by FROM effects")}


async def test_a_second_worker_takes_its_share_and_gives_it_back(trial: Trial) -> None:
    first = worker(trial, TRIAL_SECONDS="0.05")
    await trial.publish(*(event(hazard()) for _ in range(600)))
    await wait_for(lambda: reached(trial, 100), 30)
    second = worker(trial, TRIAL_SECONDS="0.05")
    await trial.publish(*(event(hazard()) for _ in range(600)))
    await wait_for(lambda: worked(trial, second), 30)
    second.stop()
    await trial.publish(*(event(hazard()) for _ in range(300)))
    assert await trial.drained() == {"recorded": 1500}
    effects = await trial.effects()
    assert len(effects) == 1500 and set(effects.values()) == {1}
    assert first.is_running


async def test_told_to_stop_it_leaves_nothing_half_done(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(300)))
    process = worker(trial, TRIAL_SECONDS="0.05")
    await wait_for(lambda: reached(trial, 60), 30)
    process.stop()
    assert process.exit_code == 0
    assert all(row.is_balanced for row in await trial.rows())


async def reached(trial: Trial, goal: int) -> bool:
    return await count(trial) >= goal


async def worked(trial: Trial, process: Process) -> bool:
    return process.pid in {pid for (pid,) in await trial.fetch("SELECT DISTINCT by FROM effects")}
