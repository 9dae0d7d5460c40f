"""A changed hazard sends no NOTIFY any more. The task that counts exposures reads the changes every second."""

from alembic import op

revision = "alerts_0018"
down_revision = "alerts_0017"

NOTE_CHANGE = """
CREATE OR REPLACE FUNCTION note_hazard_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hazard_changes (hazard_id) VALUES (NEW.hazard_id);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(NOTE_CHANGE)
