"""Adds the table of counts of groups."""

from alembic import op

revision = "console_0012"
down_revision = "console_0011"

GROUPS = """
CREATE TABLE board_groups (
    report_id uuid NOT NULL,
    sequence integer NOT NULL,
    status text NOT NULL,
    stock_id uuid NOT NULL,
    superseded_by uuid,
    measure text NOT NULL,
    mobility text NOT NULL,
    persons integer NOT NULL,
    persons_estimated boolean NOT NULL,
    households integer,
    household_unit text NOT NULL,
    counted_at timestamptz NOT NULL,
    origin_pcode text,
    origin_country text,
    origin_locality text,
    destination_pcode text,
    destination_country text,
    destination_locality text,
    shelter text NOT NULL,
    CONSTRAINT pk_board_groups PRIMARY KEY (report_id)
)
"""


def upgrade() -> None:
    op.execute(GROUPS)
