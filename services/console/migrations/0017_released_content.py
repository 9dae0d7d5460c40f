"""Stores the content of a release, so that a withdrawal repeats only public content.

A stored release gets the content of its hazard, but only if the hazard has not changed after the release.
"""

from alembic import op

revision = "console_0017"
down_revision = "console_0016"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE board_releases
            ADD COLUMN status text,
            ADD COLUMN type text,
            ADD COLUMN urgency text,
            ADD COLUMN pcodes text[],
            ADD COLUMN lat double precision,
            ADD COLUMN lon double precision,
            ADD COLUMN onset timestamptz
        """
    )
    op.execute(
        """
        UPDATE board_releases SET status = hazards.status, type = hazards.type, urgency = hazards.urgency,
            pcodes = hazards.pcodes, onset = hazards.onset
        FROM board_hazards AS hazards
        WHERE hazards.hazard_id = board_releases.hazard_id AND hazards.revision = board_releases.released_revision
        """
    )
