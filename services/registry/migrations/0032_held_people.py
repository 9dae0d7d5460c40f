"""Adds a sequence for events about held people, and a list of held people about whom no event is published yet."""

from alembic import op

revision = "registry_0032"
down_revision = "registry_0031"

# Earlier releases published no events about the people in held reports.
EARLIER = """
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT DISTINCT kind, subject_id FROM reports WHERE outcome = 'held' AND kind IN ('household', 'group')
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE held_sequence")
    op.execute("""
        CREATE TABLE unpublished_held_people (
            kind text NOT NULL,
            subject_id uuid NOT NULL,
            CONSTRAINT pk_unpublished_held_people PRIMARY KEY (kind, subject_id)
        )
    """)
    op.execute(EARLIER)
