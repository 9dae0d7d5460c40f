"""Adds a table of the people to whom dead letters are assigned, by service, topic and reason."""

from alembic import op

revision = "console_0019"
down_revision = "console_0018"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE letter_assignments (
            service text NOT NULL,
            topic text NOT NULL,
            reason text NOT NULL,
            account uuid NOT NULL,
            assigned_by uuid NOT NULL,
            assigned_at timestamptz DEFAULT now() NOT NULL,
            CONSTRAINT pk_letter_assignments PRIMARY KEY (service, topic, reason)
        )
        """
    )
