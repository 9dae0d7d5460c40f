"""The duty numbers, and the log of the calls about alerts."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class DutyNumberRow(AlertsModel):
    """`sealed` is encrypted JSON of the post, its telephones and the note."""

    __tablename__ = "duty_numbers"

    number_id: Mapped[UUID] = mapped_column(primary_key=True)
    pcode: Mapped[str] = mapped_column(index=True)
    locality: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    service: Mapped[str]
    position: Mapped[int]
    sealed: Mapped[bytes]


class CallRow(AlertsModel):
    """The row of `acts` with this alert and sequence says who called and when.

    `sealed` is encrypted JSON of the called post and of what was agreed. The duty number `number_id` may have been
    removed since the call.
    """

    __tablename__ = "calls"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number_id: Mapped[UUID | None]
    result: Mapped[str]
    sealed: Mapped[bytes]
