"""Stores the time of each revision of a Restricted or Private hazard.

Of a hazard that is already stored, only the time of the newest revision is known.
"""

from alembic import op

revision = "console_0018"
down_revision = "console_0017"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE board_revisions (
            hazard_id uuid NOT NULL,
            revision bigint NOT NULL,
            received_at timestamptz NOT NULL,
            CONSTRAINT pk_board_revisions PRIMARY KEY (hazard_id, revision)
        )
        """
    )
    op.execute(
        """
        INSERT INTO board_revisions (hazard_id, revision, received_at)
        SELECT hazard_id, revision, received_at FROM board_hazards WHERE scope <> 'Public'
        """
    )
