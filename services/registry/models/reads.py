"""The reads of personal data that an earlier release of Dayar recorded."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Identity, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import RegistryModel


class PersonalDataRead(RegistryModel):
    """The security log has a copy of these rows."""

    __tablename__ = "reads"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    account: Mapped[UUID]
    token: Mapped[UUID | None]
    what: Mapped[str]
    household_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
