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
    shapes: Mapped[dict[str, Any] | None]  # None for a hazard without shapes, or stored before migration 0032
    onset: Mapped[datetime] = mapped_column(index=True)
    expires: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    report_id: Mapped[UUID]
    author: Mapped[UUID]
    channel: Mapped[str]
    text: Mapped[dict[str, Any]]
    web: Mapped[str | None]


class BoardRelease(ConsoleModel):
    """The public version of a hazard.

    The version is a release, or a Public revision that a restricted revision replaced. A release has a `revision` above
    its `released_revision`. In a Public revision, the two numbers are equal. `board_hazards` has the hazard's newest
    revision.
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
    source: Mapped[str | None]  # None in releases stored before migration 0023
    source_id: Mapped[str | None]
    # None in releases stored before migration 0017, if the hazard has changed since.
    status: Mapped[str | None]
    type: Mapped[str | None]
    urgency: Mapped[str | None]
    pcodes: Mapped[list[str] | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    onset: Mapped[datetime | None]


class BoardRevision(ConsoleModel):
    """A restricted revision, with the time of its arrival.

    The ten minutes for the next release begin with the first revision after the newest release.
    """

    __tablename__ = "board_revisions"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime]
