"""Accepts a held report as a report about a household that is already registered. No I/O.

A person decides this at the desk, because the report looks like the existing household. The report then makes no second
household. The rules are in docs/decisions/0065.
"""

from enum import StrEnum

from services.registry.decisions import Name
from services.registry.reports import AnyFiled, Filed
from services.registry.working_set import WorkingSet


class NotAccepted(StrEnum):
    """Why nothing was changed. The report stays held, and a person can decide again."""

    NO_HOUSEHOLD = "no_household"
    OTHER_STATUS = "other_status"
    OTHER_HOUSEHOLD = "other_household"  # a version of the report has already taken effect on another household


def accept_under(working_set: WorkingSet, filed: AnyFiled, household: Name, *, is_later: bool) -> NotAccepted | None:
    """Accept the held report as a report about this household.

    A report about a displacement replaces the household's current report, unless `is_later` is true: then the household
    was displaced again. If a version of the report is already known for this household, this version corrects it.
    Returns the reason if nothing was changed.
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
    working_set.move(filed, household)
    if isinstance(filed, Filed) and replaced is not None:
        filed.is_replacement = True
        working_set.replace_current(subject, replaced)
    working_set.accept(filed)
    return None
