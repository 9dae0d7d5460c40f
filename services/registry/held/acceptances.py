"""Accepts a held report as a report about a household that is already registered. No I/O.

A person accepts a report under a registered household if the report probably describes this household. An accepted
report does not register a second household. The rules are in docs/decisions/0065.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.registry.counts.named_hazards import LEFT_TOGETHER
from services.registry.decisions import Held, Name
from services.registry.reports import AnyFiled, Filed, days
from services.registry.working_set import WorkingSet
from shared.events.vocabulary import ReportKind


class NotAccepted(StrEnum):
    """Why an acceptance changes nothing: the report stays held, and a person can decide again."""

    NO_HOUSEHOLD = "no_household"
    OTHER_STATUS = "other_status"
    OTHER_HOUSEHOLD = "other_household"  # another version of the report took effect on another household


class Adopted(NamedTuple):
    """The facts that a later reversal of the acceptance needs."""

    reason: str
    replaced_id: str | None = None
    replaced_version: int | None = None


class NotReversed(StrEnum):
    CHANGED_SINCE = "changed_since"  # since the acceptance, another report has replaced the accepted report


def accept_under(working_set: WorkingSet, filed: AnyFiled, household: Name, *, is_later: bool) -> NotAccepted | Adopted:
    """Accept the held report as a report about `household`.

    An accepted report about a displacement replaces the household's current report. If `is_later` is true, the report
    replaces no report, and becomes a later displacement of the household. If another version of the report has taken
    effect on the household, the held version corrects that version. Returns NotAccepted if nothing was changed, and
    otherwise what a reversal needs.
    """
    subject = working_set.subjects.get(household)
    if filed.subject[0] != household[0] or subject is None or not subject.displacements:
        return NotAccepted.NO_HOUSEHOLD
    effective = [known for known in working_set.reports[filed.report_id] if known.precedent.took_effect]
    if any(known.subject != household for known in effective):
        return NotAccepted.OTHER_HOUSEHOLD
    replaced = None if is_later or effective or not isinstance(filed, Filed) else subject.current
    if filed.clear.status is not (replaced or subject.current).clear.status:
        return NotAccepted.OTHER_STATUS
    reason = filed.reason or Held.HOUSEHOLD_UNKNOWN
    working_set.move(filed, household)
    accept_in_place_of(working_set, filed, replaced)
    return Adopted(reason, replaced.report_id, replaced.clear.version) if replaced else Adopted(reason)


def reverse(
    working_set: WorkingSet, filed: AnyFiled, household: Name, adopted: Adopted, former: Name
) -> NotReversed | None:
    """Reverse the acceptance: the report is held again, and the replaced report is valid again.

    `former` is the household that the report names itself. The working set must contain `former` if this household is
    registered. Several acceptances of one household are reversed one by one, beginning with the latest. Returns
    NotReversed if nothing was changed.
    """
    subject = working_set.subjects.get(household)
    if filed.subject != household or subject is None or subject.valid(filed.report_id) is not filed:
        return NotReversed.CHANGED_SINCE
    replaced = [
        version
        for version in working_set.reports[adopted.replaced_id or ""]
        if isinstance(version, Filed)
        and version.subject == household
        and version.precedent.is_duplicate
        and version.clear.version <= (adopted.replaced_version or 0)
    ]
    others = [report_id for report_id in subject.displacements if report_id != filed.report_id]
    has_other = replaced or others or working_set.effective_below(filed)
    if isinstance(filed, Filed) and (not has_other or (adopted.replaced_id and not replaced)):
        return NotReversed.CHANGED_SINCE
    working_set.give_back(filed, former, Held(adopted.reason), replaced)
    return None


def accept(working_set: WorkingSet, filed: AnyFiled, *, is_expiry_only: bool = False) -> None:
    """If an earlier version of the report was a duplicate, the household has another report about the same departure.

    The accepted version replaces the other report, so that the household is not counted as displaced twice.
    """
    if is_expiry_only:
        working_set.accept(filed, is_expiry_only=True)
    else:
        accept_in_place_of(working_set, filed, same_departure(working_set, filed))


def accept_in_place_of(working_set: WorkingSet, filed: AnyFiled, replaced: Filed | None) -> None:
    if isinstance(filed, Filed) and replaced is not None:
        filed.is_replacement = True
        working_set.replace_current(working_set.subjects[filed.subject], replaced)
    working_set.accept(filed)


def same_departure(working_set: WorkingSet, filed: AnyFiled) -> Filed | None:
    """Returns None if no earlier version of `filed` was a duplicate."""
    subject, siblings = working_set.subjects.get(filed.subject), working_set.reports[filed.report_id]
    if subject is None or filed.subject[0] != ReportKind.HOUSEHOLD or not isinstance(filed, Filed):
        return None
    duplicates = [
        known
        for known in siblings
        if known.subject == filed.subject and known.precedent.is_duplicate_by(filed.author, filed.team)
    ]
    if not duplicates or any(known.precedent.took_effect for known in siblings):
        return None
    stated = [*map(days, duplicates), days(filed)]
    near = [
        known
        for known in subject.displacements.values()
        if known.clear.status is filed.clear.status
        and any(are_near(days(known), stated_days) for stated_days in stated)
    ]
    departed = filed.clear.occurred_at
    return min(near, key=lambda known: (abs(known.clear.occurred_at - departed), known.report_id), default=None)


def are_near(one: tuple[date, date], other: tuple[date, date]) -> bool:
    """Teams may state different days of the same departure."""
    return one[0] - LEFT_TOGETHER <= other[1] and other[0] - LEFT_TOGETHER <= one[1]
