"""Adds the sign-ins, and the time from which an account's tokens are valid."""

from alembic import op

revision = "console_0004"
down_revision = "console_0003"

SIGN_INS = """
CREATE TABLE sign_ins (
    jti uuid NOT NULL,
    account_id uuid NOT NULL,
    road text NOT NULL,
    device uuid,
    address text NOT NULL,
    browser text NOT NULL,
    signed_in_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_sign_ins PRIMARY KEY (jti)
)
"""
# Tokens that a password change revoked under the previous release of Dayar remain revoked.
VALID_FROM = "ALTER TABLE accounts ADD COLUMN tokens_valid_from timestamptz"


def upgrade() -> None:
    op.execute(SIGN_INS)
    op.execute("CREATE INDEX ix_sign_ins_account_id ON sign_ins (account_id)")
    op.execute(VALID_FROM)
    op.execute("UPDATE accounts SET tokens_valid_from = greatest(password_changed_at, disabled_at)")
