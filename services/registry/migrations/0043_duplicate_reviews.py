"""Stores people's decisions about pairs that were probably registered twice, and to whom each pair is assigned."""

from alembic import op

revision = "registry_0043"
down_revision = "registry_0042"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE duplicate_reviews (
            household_id uuid NOT NULL,
            other_id uuid NOT NULL,
            assignee uuid,
            because text,
            account uuid,
            answered_at timestamptz,
            reasons text[],
            CONSTRAINT pk_duplicate_reviews PRIMARY KEY (household_id, other_id)
        )
    """)
    op.execute("CREATE INDEX ix_duplicate_reviews_other_id ON duplicate_reviews (other_id)")
