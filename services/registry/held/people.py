"""Finds the people who are known only from held reports. The order in which reports arrive does not matter. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from services.registry.decisions import Held, Name, Precedent
from services.registry.reports import AnyFiled, Filed
from services.registry.subjects import Subject, actual, latest
from shared.events.vocabulary import OutcomeKind, Status


class HeldChange(NamedTuple):
    """If `is_held` is false, none of the reports waits any more."""

    filed: Filed
    is_held: bool


def newest_held(reports: Iterable[AnyFiled], registered: Mapping[Name, Subject]) -> dict[Name, Filed]:
    """The newest held report about each household and each group that is not registered.

    Only the highest version of each report counts. Exercise and Test reports are ignored if there is an Actual report.
    For Actual reports, a household or group is not registered if only an exercise registered it. Reports are left out
    if their people are registered under another id. People are registered under another id if a version of their
    report was refused as a duplicate, or took effect on another household.
    """
    reports, refused = list(reports), defaultdict[str, list[Precedent]](list)
    for report in reports:
        if report.outcome is OutcomeKind.REJECTED:
            refused[report.report_id].append(report.precedent)
    versions = defaultdict[Name, dict[str, Filed]](dict)
    for report in reports:
        if report.outcome is not OutcomeKind.HELD or report.reason == Held.OTHER_HOUSEHOLD:
            continue
        is_duplicate = any(version.is_duplicate_by(report.author, report.team) for version in refused[report.report_id])
        if isinstance(report, Filed) and not is_registered(report, registered) and not is_duplicate:
            newest = versions[report.subject]
            newest[report.report_id] = max(newest.get(report.report_id, report), report, key=version_order)
    return {name: latest(actual(newest.values())) for name, newest in versions.items()}


def is_registered(report: Filed, registered: Mapping[Name, Subject]) -> bool:
    subject = registered.get(report.subject)
    return subject is not None and (report.clear.status is not Status.ACTUAL or subject.is_actual)


def version_order(filed: Filed) -> tuple[int, datetime, str]:
    """Two authors may have sent versions with the same number."""
    return filed.clear.version, filed.clear.reported_at, filed.author


def held_changes(before: Mapping[Name, Filed], after: Mapping[Name, Filed]) -> Iterator[HeldChange]:
    for name in sorted(before.keys() | after.keys()):
        filed = after.get(name)
        if filed is not before.get(name):
            yield HeldChange(filed or before[name], is_held=filed is not None)
