"""`python -m bench.plain` runs a FastAPI app that validates a body with intake's models and drops the body."""

from typing import Annotated

from fastapi import FastAPI
from pydantic import Field

from shared import lifecycle
from shared.config import Settings
from shared.events import DisplacementReport

app = FastAPI()


@app.post("/v1/displacements", status_code=202)
async def displacement(report: DisplacementReport) -> dict[str, str]:
    return {"report_id": str(report.report_id), "status": "accepted"}


@app.post("/v1/reports:batch")
async def batch(
    reports: Annotated[list[DisplacementReport], Field(max_length=1_000)],
) -> dict[str, list[dict[str, str]]]:
    return {"results": [{"report_id": str(report.report_id), "status": "accepted"} for report in reports]}


if __name__ == "__main__":
    lifecycle.run_worker(lambda: lifecycle.serve(app, Settings()))
