"""`python -m bench.intake_batch`: fifty reports a request, against the same reports one a request."""

from bench.intake import BATCH, DISPLACEMENTS, Bench, reports, run, verdict

PROMISED = 5.0
ROUNDS = 2
TOGETHER = 50
CONNECTIONS = 64  # 3,200 reports under way


async def measure(made: Bench, count: int, persons: int) -> int:
    ours = made.ours()
    await made.timed("warm-up", ours, DISPLACEMENTS, reports(2_000, persons=persons))
    singles, batches = [], []
    for _ in range(ROUNDS):
        singles.append(await made.timed("A one a request", ours, DISPLACEMENTS, reports(count, persons=persons)))
        together = reports(2 * count, persons=persons)
        bodies = [
            b"[" + b",".join(together[start : start + TOGETHER]) + b"]" for start in range(0, len(together), TOGETHER)
        ]
        batches.append(
            await made.timed(
                "B fifty a request", ours, BATCH, bodies, each=TOGETHER, connections=CONNECTIONS, status=200
            )
        )
    rates = [sum(one.reports for one in passes) / sum(one.seconds for one in passes) for passes in (singles, batches)]
    return verdict(ratio=rates[1] / rates[0], promised=PROMISED, balanced=await made.balances(ours[1]))


if __name__ == "__main__":
    raise SystemExit(run(measure, __doc__, reports=15_000))
