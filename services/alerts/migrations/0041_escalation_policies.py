"""Adds escalation policies.

The previous release of Dayar ignores policies, so alerts escalate by the steps of their receivers.
"""

from alembic import op

revision = "alerts_0041"
down_revision = "alerts_0040"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE escalation_policies (
            name text NOT NULL,
            position integer NOT NULL,
            areas text[] NOT NULL,
            hazards text[] NOT NULL,
            severities text[] NOT NULL,
            repeats integer NOT NULL,
            steps jsonb NOT NULL,
            CONSTRAINT pk_escalation_policies PRIMARY KEY (name)
        )
    """)
