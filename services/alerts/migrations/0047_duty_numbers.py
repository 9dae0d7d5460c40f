"""Adds the duty numbers. The previous release of Dayar shows no duty numbers."""

from alembic import op

revision = "alerts_0047"
down_revision = "alerts_0046"

NUMBERS = """
CREATE TABLE duty_numbers (
    number_id uuid NOT NULL,
    pcode text NOT NULL,
    locality text,
    locality_pcode text,
    service text NOT NULL,
    position integer NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_duty_numbers PRIMARY KEY (number_id)
)
"""


def upgrade() -> None:
    op.execute(NUMBERS)
    op.execute("CREATE INDEX ix_duty_numbers_pcode ON duty_numbers (pcode)")
