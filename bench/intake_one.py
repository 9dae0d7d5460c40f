"""`python -m bench.intake_one` measures intake's throughput of durably stored reports, with one in a request.

For comparison, the benchmark measures an app that only validates the same body and drops it.
"""

from bench.intake import DISPLACEMENTS, Bench, reports, run, verdict

PROMISED = 0.8
ROUNDS = 2


async def measure(made: Bench, count: int, persons: int) -> int:
    ours, plain = made.ours(), made.plain()
    for name, server in (("ours", ours), ("plain", plain)):
        await made.timed(f"warm-up {name}", server, DISPLACEMENTS, reports(2_000, persons=persons))
    passes = [
        await made.timed(name, server, DISPLACEMENTS, reports(count, persons=persons))
        for _ in range(ROUNDS)
        for name, server in (("A durable report", ours), ("B validated, dropped", plain))
    ]
    return verdict(passes[::2], passes[1::2], promised=PROMISED, balanced=await made.balances(ours[1]))


if __name__ == "__main__":
    raise SystemExit(run(measure, __doc__, reports=10_000))
