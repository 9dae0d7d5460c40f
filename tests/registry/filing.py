"""Makes filed reports without a database, and working sets that contain filed reports."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.working_set import WorkingSet
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.movements import GroupMovementClear, HouseholdMovementClear, SiteMovementClear
from shared.events.vocabulary import ReportKind, SubmissionChannel
from shared.places import Places
from tests.registry.factories import NOON

PLACES = Places.load()
CLEAR: Mapping[str, type[BaseModel]] = {
    ReportKind.HOUSEHOLD: HouseholdClear,
    ReportKind.GROUP: GroupClear,
    ReportKind.HOUSEHOLD_MOVEMENT: HouseholdMovementClear,
    ReportKind.GROUP_MOVEMENT: GroupMovementClear,
    ReportKind.SITE_MOVEMENT: SiteMovementClear,
}


def filed_from(body: dict[str, Any], *, sealed: Iterable[str], team: str, **changed: Any) -> AnyFiled:
    subject = body["kind"].removesuffix("_movement")
    fields: dict[str, Any] = {
        "report_id": body["report_id"],
        "subject": (subject, body[f"{subject}_id"]),
        "clear": CLEAR[body["kind"]].model_validate(body),
        "sealed": {name: body[name] for name in sealed if name in body},
        "text": "",
        "plain": b"",
        "digest": repr(sorted(body.items(), key=str)).encode(),
        "author": team,
        "team": team,
        "channel": SubmissionChannel.FIELD,
        "received_at": NOON,
        "places_version": None,
        "flags": (),
        **changed,
    }
    return FiledMovement(**fields) if body["kind"].endswith("_movement") else Filed(**fields)


def working_set_of(reports: Iterable[AnyFiled], *, batch: int = 1, places: Places = PLACES) -> WorkingSet:
    working_set = WorkingSet.of(places)
    for number, report in enumerate(reports, start=1):
        working_set.file(report)
        if number % batch == 0:
            working_set.judge()
    working_set.judge()
    return working_set
