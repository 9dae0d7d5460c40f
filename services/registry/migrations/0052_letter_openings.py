"""Stores people's requests to open a dead letter.

After a request, the worker decrypts the content of the dead letter, and stores the content for a few minutes.
"""

from alembic import op

revision = "registry_0052"
down_revision = "registry_0051"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE letter_openings (
            decision_id uuid NOT NULL,
            account uuid NOT NULL,
            reason text NOT NULL,
            decided_at timestamptz NOT NULL,
            carried_out_at timestamptz,
            result text,
            topic text NOT NULL,
            partition integer NOT NULL,
            "offset" bigint NOT NULL,
            kek_id text,
            wrapped bytea,
            sealed bytea,
            CONSTRAINT pk_letter_openings PRIMARY KEY (decision_id)
        )
    """)
