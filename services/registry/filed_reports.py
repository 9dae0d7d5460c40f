"""Makes filed reports from the rows of the table `reports`, and rows from filed reports."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from services.registry.aads import report_aad
from services.registry.decisions import SUBJECT_OF, Name
from services.registry.reports import AnyFiled, AnyMovementClear, Content, Filed, FiledMovement
from shared.crypto.envelope_encryption import Key
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.movements import GroupMovementClear, HouseholdMovementClear, SiteMovementClear
from shared.events.vocabulary import Flag, OutcomeKind, SubmissionChannel

Keys = dict[Name, Key]

CLEAR_OF: dict[str, type[HouseholdClear | GroupClear]] = {"household": HouseholdClear, "group": GroupClear}
MOVEMENT_OF: dict[str, type[AnyMovementClear]] = {
    "household_movement": HouseholdMovementClear,
    "group_movement": GroupMovementClear,
    "site_movement": SiteMovementClear,
}


def identity(row: asyncpg.Record) -> tuple[Any, ...]:
    return row["report_id"], row["version"], row["author"], row["kind"]


def name_of(row: Mapping[str, Any]) -> Name:
    return SUBJECT_OF[row["kind"]], str(row["subject_id"])


def filed_from(row: Mapping[str, Any], sealed: Content, plain: bytes = b"") -> AnyFiled:
    return filed(
        row["kind"],
        row["clear"],
        report_id=str(row["report_id"]),
        subject=name_of(row),
        sealed=sealed,
        text=row["clear"],
        plain=plain,
        digest=row["digest"],
        author=str(row["author"]),
        team=text_of(row["team"]),
        channel=SubmissionChannel(row["channel"]),
        received_at=row["received_at"],
        places_version=row["places_version"],
        flags=tuple(map(Flag, row["flags"])),
        registrar_areas=tuple(row["registrar_areas"]),
        outcome=OutcomeKind(row["outcome"]),
        outcome_id=str(row["outcome_id"]),
        reason=row["reason"],
    )


def filed(kind: str, clear: str, **fields: Any) -> AnyFiled:
    if kind in MOVEMENT_OF:
        return FiledMovement(clear=MOVEMENT_OF[kind].model_validate_json(clear), **fields)
    return Filed(clear=CLEAR_OF[kind].model_validate_json(clear), **fields)


def text_of(id: object) -> str | None:
    return None if id is None else str(id)


def identification(filed: AnyFiled, keys: Keys) -> tuple[Any, ...]:
    subject_id, version = filed.subject[1], filed.clear.version
    sealed = keys[filed.subject].seal(filed.plain, report_aad(subject_id, filed.report_id, version, filed.author))
    return filed.report_id, version, filed.author, filed.clear.kind, subject_id, sealed


def refiling(filed: AnyFiled) -> tuple[Any, ...]:
    clear = filed.clear
    return filed.report_id, clear.version, filed.author, clear.kind, filed.outcome, filed.reason, filed.outcome_id
