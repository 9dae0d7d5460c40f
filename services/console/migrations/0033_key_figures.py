"""Stores earlier key figures, so that the board can show the change of a figure.

The board can show the first change 24 hours after the first recording. The previous release of Dayar ignores the table.
"""

from alembic import op

revision = "console_0033"
down_revision = "console_0032"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE key_figure_parts (
            part_id bigint GENERATED ALWAYS AS IDENTITY,
            taken_at timestamptz NOT NULL,
            figure text NOT NULL,
            severity text,
            pcodes text[] NOT NULL,
            count integer NOT NULL,
            CONSTRAINT pk_key_figure_parts PRIMARY KEY (part_id)
        )
    """)
    op.execute("CREATE INDEX ix_key_figure_parts_taken_at ON key_figure_parts (taken_at)")
