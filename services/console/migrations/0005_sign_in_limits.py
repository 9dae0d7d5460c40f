"""Adds tables of known browsers, of notices, and of the area where each hazard was first reported."""

from alembic import op

revision = "console_0005"
down_revision = "console_0004"

KNOWN_BROWSERS = """
CREATE TABLE known_browsers (
    account_id uuid NOT NULL,
    browser bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT pk_known_browsers PRIMARY KEY (account_id, browser)
)
"""
NOTICES = """
CREATE TABLE notices (
    notice_id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    account text,
    address text,
    figures jsonb NOT NULL,
    raised_at timestamptz NOT NULL,
    CONSTRAINT pk_notices PRIMARY KEY (notice_id)
)
"""
FIRST_AREAS = """
CREATE TABLE first_areas (
    hazard_id uuid NOT NULL,
    pcodes text[] NOT NULL,
    CONSTRAINT pk_first_areas PRIMARY KEY (hazard_id)
)
"""
# The first area of a stored hazard is unknown, so the migration takes the present area.
KNOWN_AREAS = "INSERT INTO first_areas (hazard_id, pcodes) SELECT hazard_id, pcodes FROM board_hazards"


def upgrade() -> None:
    for statement in (KNOWN_BROWSERS, NOTICES, FIRST_AREAS, KNOWN_AREAS):
        op.execute(statement)
    op.execute("CREATE INDEX ix_notices_raised_at ON notices (raised_at)")
