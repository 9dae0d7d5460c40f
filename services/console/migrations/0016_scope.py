"""Adds the scope to the hazards of the board, and the releases of hazards. All earlier hazards are Public."""

from alembic import op

revision = "console_0016"
down_revision = "console_0015"


def upgrade() -> None:
    op.execute("ALTER TABLE board_hazards ADD COLUMN scope text NOT NULL DEFAULT 'Public'")
    op.execute(
        """
        CREATE TABLE board_releases (
            hazard_id uuid NOT NULL,
            revision bigint NOT NULL,
            released_revision bigint NOT NULL,
            msg_type text NOT NULL,
            severity text NOT NULL,
            certainty text NOT NULL,
            area text,
            expires timestamptz,
            text jsonb NOT NULL,
            author uuid NOT NULL,
            received_at timestamptz NOT NULL,
            CONSTRAINT pk_board_releases PRIMARY KEY (hazard_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_board_alerts_hazard_id ON board_alerts (hazard_id)")
