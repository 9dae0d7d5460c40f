"""Stores the facts of each held count, and indexes the stocks of recorded counts.

With the stored facts, the number of persons in held reports is read without parsing all held reports. The worker fills
the new columns of old rows.
"""

from alembic import op

revision = "registry_0068"
down_revision = "registry_0067"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE held_stocks
            ADD status text,
            ADD persons integer,
            ADD is_counted boolean,
            ADD origin_pcode text,
            ADD destination_pcode text,
            ADD hazard_id uuid,
            ADD site_id uuid,
            ADD covers_site boolean,
            ADD counted_at timestamptz,
            ADD reported_at timestamptz
    """)
    op.execute("CREATE INDEX ix_counts_stock_id ON counts (stock_id)")
