"""Hazards on the board, and their versions for the public."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class BoardHazard(ConsoleModel):
    __tablename__ = "board_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    scope: Mapped[str] = mapped_column(server_default="Public")
    status: Mapped[str]
    msg_type: Mapped[str]
    type: Mapped[str]
    type_text: Mapped[str | None]
    source: Mapped[str]
    source_id: Mapped[str]
    urgency: Mapped[str]
    severity: Mapped[str]
    certainty: Mapped[str]
    magnitude: Mapped[float | None]
    magnitude_type: Mapped[str | None]
    depth_km: Mapped[float | None]
    shaking: Mapped[dict[str, Any] | None]
    pcodes: Mapped[list[str]]
    area: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    shapes: Mapped[dict[str, Any] | None]  # None if the hazard has no shapes, or was stored before migration 0032
    onset: Mapped[datetime] = mapped_column(index=True)
    expires: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    report_id: Mapped[UUID]
    author: Mapped[UUID]
    channel: Mapped[str]
    text: Mapped[dict[str, Any]]
    web: Mapped[str | None]


class BoardRelease(ConsoleModel):
    """The public version of a hazard: a release, or a Public revision that a restricted revision replaced.

    In a release, `revision` is higher than `released_revision`. In a Public revision, these two numbers are
    equal. `board_hazards` has the newest revision of the hazard.
    """

    __tablename__ = "board_releases"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    released_revision: Mapped[int] = mapped_column(BigInteger)
    msg_type: Mapped[str]
    severity: Mapped[str]
    certainty: Mapped[str]
    area: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    expires: Mapped[datetime | None]
    text: Mapped[dict[str, Any]]
    author: Mapped[UUID]
    received_at: Mapped[datetime]
    source: Mapped[str | None]  # None if the release was stored before migration 0023
    source_id: Mapped[str | None]
    # None in releases that were stored before migration 0017 and whose hazard changed afterwards.
    status: Mapped[str | None]
    type: Mapped[str | None]
    urgency: Mapped[str | None]
    pcodes: Mapped[list[str] | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    onset: Mapped[datetime | None]


class BoardRevision(ConsoleModel):
    """A hazard must be released within ten minutes after the first revision that followed the newest release.

    Further revisions do not restart the ten minutes.
    """

    __tablename__ = "board_revisions"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime]
