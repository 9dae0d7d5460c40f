"""`python -m bench.plain`: a FastAPI app that only validates the same body with the same model, and drops it."""

from fastapi import FastAPI

from shared import lifecycle
from shared.config import Settings
from shared.events import DisplacementReport

app = FastAPI()


@app.post("/v1/displacements", status_code=202)
async def displacement(report: DisplacementReport) -> dict[str, str]:
    return {"report_id": str(report.report_id), "status": "accepted"}


if __name__ == "__main__":
    lifecycle.run_worker(lambda: lifecycle.serve(app, Settings()))
