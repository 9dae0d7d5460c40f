"""The key figures of the board at earlier times."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class KeyFigurePart(ConsoleModel):
    """A part of a key figure. One recording writes many rows, all with the same `taken_at`."""

    __tablename__ = "key_figure_parts"

    part_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(index=True)
    figure: Mapped[str]
    severity: Mapped[str | None]
    pcodes: Mapped[list[str]]
    count: Mapped[int]
