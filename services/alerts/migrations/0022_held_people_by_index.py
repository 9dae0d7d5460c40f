"""Adds indexes that contain only people who are still held, so that queries read no ended holds."""

from alembic import op

revision = "alerts_0022"
down_revision = "alerts_0021"


def upgrade() -> None:
    op.execute("""
        CREATE INDEX ix_held_people_held_households ON held_people (origin_area, departed_on)
        WHERE is_counted AND stock_id IS NULL
    """)
    op.execute("""
        CREATE INDEX ix_held_people_held_counts ON held_people (origin_area, departed_on)
        WHERE is_counted AND stock_id IS NOT NULL
    """)
    op.execute("DROP INDEX ix_held_people_origin_area_departed_on")
