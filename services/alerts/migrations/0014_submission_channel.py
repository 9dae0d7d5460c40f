"""A stored report names the channel that it came by `channel`, as the event does."""

from alembic import op

revision = "alerts_0014"
down_revision = "alerts_0013"


def upgrade() -> None:
    op.execute("""
        UPDATE hazards
        SET report = ((report::jsonb - 'road') || jsonb_build_object('channel', report::jsonb -> 'road'))::text
        WHERE report::jsonb ? 'road'
    """)
