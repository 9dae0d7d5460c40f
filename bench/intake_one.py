"""`python -m bench.intake_one`: a durable report a request, against an app that only validates the same body and drops it."""

import argparse
import asyncio

import uvloop

from bench.intake import DISPLACEMENTS, Bench, bench, reports, verdict

PROMISED = 0.8
ROUNDS = 2


async def measure(made: Bench, count: int, persons: int) -> int:
    ours, plain = made.ours(), made.plain()
    warm = [await made.timed(f"warm-up {name}", server, DISPLACEMENTS, reports(2_000, persons=persons))
            for name, server in (("ours", ours), ("plain", plain))]  # fmt: skip
    passes = [
        await made.timed(name, server, DISPLACEMENTS, reports(count, persons=persons))
        for _ in range(ROUNDS)
        for name, server in (("A durable report", ours), ("B validated, dropped", plain))
    ]
    mine, theirs = (sum(one.seconds for one in passes[start::2]) for start in (0, 1))
    balanced = await made.balances(ours[1], sent=warm[0].reports + ROUNDS * count)
    return verdict(ratio=theirs / mine, promised=PROMISED, balanced=balanced)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=30_000)
    options.add_argument("--persons", type=int, default=5)
    given = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, given.reports, given.persons))


if __name__ == "__main__":
    raise SystemExit(main())
