"""The decisions about held reports, and the people to whom held reports are assigned."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import Assigned, RegistryModel
from shared.messaging.models import Decision


class UnpublishedHeldPeople(RegistryModel):
    """A household or group whose held reports must be published (`held/earlier.py`).

    The counts of a registered group are computed again, because a site has got the name of the counts' place.
    """

    __tablename__ = "unpublished_held_people"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)


class HeldStock(RegistryModel):
    """The stock, the report and the version in the last event about a held count.

    The columns below `stock_id` are facts of the count. In rows of the previous release of Dayar, the facts are None
    until the worker publishes the count again. `is_counted` is true if the count is of displaced people in the country.
    `site_id`, `covers_site` and `counted_at` are the values that a recorded count would have (`headcounts.py`).
    """

    __tablename__ = "held_stocks"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    version: Mapped[int]
    author: Mapped[UUID]
    stock_id: Mapped[UUID]
    status: Mapped[str | None]
    persons: Mapped[int | None]
    is_counted: Mapped[bool | None]
    origin_pcode: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    hazard_id: Mapped[UUID | None]
    site_id: Mapped[UUID | None]
    covers_site: Mapped[bool | None]
    counted_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]


class HeldDecision(Decision, RegistryModel):
    """If `is_expiry_only` is true, the registry decides about the report as if the phone's sign-in had not expired.

    The author must still have the right to change the household. `refusal` is the reason of a refusal, which the
    report's author can read. If `household_id` is set, the report is accepted as a report about this household. An
    accepted report replaces the household's current report. If `is_later` is true, the report becomes a later
    displacement of the household and replaces no report.
    """

    __tablename__ = "held_decisions"
    # If two people decide about one report, the first decision is valid.
    __table_args__ = (
        Index("uq_held_decisions_open", "outcome_id", unique=True, postgresql_where=text("carried_out_at IS NULL")),
    )

    outcome_id: Mapped[UUID]
    is_accepted: Mapped[bool]
    is_expiry_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    refusal: Mapped[str | None]
    household_id: Mapped[UUID | None]
    is_later: Mapped[bool] = mapped_column(default=False, server_default=false())


class Adoption(RegistryModel):
    """The facts that the reversal of an acceptance needs. `former_reason` is the reason why the report was held.

    `replaced_id` and `replaced_version` identify the version that the accepted report replaced. `replaced_id` and
    `replaced_version` are None if the acceptance replaced no report.
    """

    __tablename__ = "adoptions"
    __table_args__ = (Index(None, "report_id"),)

    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    household_id: Mapped[UUID]
    report_id: Mapped[UUID]
    version: Mapped[int]
    author: Mapped[UUID]
    former_reason: Mapped[str]
    replaced_id: Mapped[UUID | None]
    replaced_version: Mapped[int | None]


class AdoptionReversal(Decision, RegistryModel):
    """`adoption_id` is the acceptance."""

    __tablename__ = "adoption_reversals"
    # If two people reverse one acceptance, only the first reversal is executed.
    __table_args__ = (
        Index(
            "uq_adoption_reversals_open", "adoption_id", unique=True, postgresql_where=text("carried_out_at IS NULL")
        ),
    )

    adoption_id: Mapped[UUID]


class HeldAssignment(Assigned, RegistryModel):
    """`outcome_id` is the outcome of the report at the time of the assignment.

    `report_id`, `version` and `author` identify the report, even after a change of its outcome. The previous release of
    Dayar stores only `outcome_id`.
    """

    __tablename__ = "held_assignments"
    __table_args__ = (Index(None, "report_id"),)

    outcome_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID | None]
    version: Mapped[int | None]
    author: Mapped[UUID | None]
