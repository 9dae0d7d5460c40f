"""The paths to which reports are sent, and the format of the bodies at each path."""

from services.intake.channels import json_batches, json_reports, sealed_reports
from services.intake.channels.formats import BatchFormat, SealedFormat, SingleFormat

FORMATS: dict[str, SingleFormat | SealedFormat | BatchFormat] = {
    "/v1/displacements": json_reports.DISPLACEMENTS,
    "/v1/displacements:sealed": sealed_reports.DISPLACEMENTS,
    "/v1/movements": json_reports.MOVEMENTS,
    "/v1/movements:sealed": sealed_reports.MOVEMENTS,
    "/v1/hazards:sealed": sealed_reports.OBSERVED_HAZARDS,
    "/v1/hazards": json_reports.HAZARDS,
    "/v1/reports:batch": json_batches.REPORTS,
}
