"""`python -m bench.intake_batch` measures intake's throughput of durably stored reports, with fifty in a request.

For comparison, the benchmark measures an app that only validates the same batches and drops them.
"""

from bench.intake import BATCH, Bench, Pass, reports, run, verdict
from deploy.local.process import Process

PROMISED = 0.5
ROUNDS = 5  # the two apps take turns in short passes, so that other programs slow down both apps equally
TOGETHER = 50
CONNECTIONS = 64


async def measure(made: Bench, count: int, persons: int) -> int:
    ours, plain = made.ours(), made.plain()

    async def timed(name: str, server: tuple[Process, int], reports_sent: int) -> Pass:
        return await made.timed(
            name,
            server,
            BATCH,
            batches(reports_sent, persons),
            reports_each=TOGETHER,
            connections=CONNECTIONS,
            status=200,
        )

    for name, server in (("ours", ours), ("plain", plain)):
        await timed(f"warm-up {name}", server, 5_000)
    passes = [
        await timed(name, server, count)
        for _ in range(ROUNDS)
        for name, server in (("A fifty durable", ours), ("B validated, dropped", plain))
    ]
    return verdict(passes[::2], passes[1::2], promised=PROMISED, balanced=await made.balances(ours[1]))


def batches(count: int, persons: int) -> list[bytes]:
    together = reports(count, persons=persons)
    return [b"[" + b",".join(together[start : start + TOGETHER]) + b"]" for start in range(0, count, TOGETHER)]


if __name__ == "__main__":
    raise SystemExit(run(measure, __doc__, reports=12_000))
