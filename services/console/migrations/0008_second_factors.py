"""Adds tables of the second factors of administrators and their recovery codes."""

from alembic import op

revision = "console_0008"
down_revision = "console_0007"

SECOND_FACTORS = """
CREATE TABLE second_factors (
    account_id uuid NOT NULL,
    sealed bytea NOT NULL,
    last_step bigint NOT NULL,
    confirmed_at timestamptz NOT NULL,
    CONSTRAINT pk_second_factors PRIMARY KEY (account_id)
)
"""
RECOVERY_CODES = """
CREATE TABLE recovery_codes (
    account_id uuid NOT NULL,
    code bytea NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (account_id, code)
)
"""


def upgrade() -> None:
    op.execute(SECOND_FACTORS)
    op.execute(RECOVERY_CODES)
