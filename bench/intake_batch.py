"""`python -m bench.intake_batch`: fifty reports a request, against the same reports one a request."""

import argparse
import asyncio

import uvloop

from bench.intake import BATCH, DISPLACEMENTS, Bench, bench, reports, verdict

PROMISED = 5.0
ROUNDS = 2
TOGETHER = 50


async def measure(made: Bench, count: int, persons: int) -> int:
    ours = made.ours()
    warm = await made.timed("warm-up", ours, DISPLACEMENTS, reports(2_000, persons=persons))
    singles, batches = [], []
    for _ in range(ROUNDS):
        singles.append(await made.timed("A one a request", ours, DISPLACEMENTS, reports(count, persons=persons)))
        together = reports(2 * count, persons=persons)
        bodies = [
            b"[" + b",".join(together[start : start + TOGETHER]) + b"]" for start in range(0, len(together), TOGETHER)
        ]
        batches.append(await made.timed("B fifty a request", ours, BATCH, bodies, each=TOGETHER))
    rates = [sum(one.reports for one in passes) / sum(one.seconds for one in passes) for passes in (singles, batches)]
    balanced = await made.balances(ours[1], sent=warm.reports + ROUNDS * 3 * count)
    return verdict(ratio=rates[1] / rates[0], promised=PROMISED, balanced=balanced)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=15_000)
    options.add_argument("--persons", type=int, default=5)
    given = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, given.reports, given.persons))


if __name__ == "__main__":
    raise SystemExit(main())
