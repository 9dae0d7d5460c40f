"""Creates the outbox and the tables of feeds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.messaging.tables import OUTBOX, TRIGGER, WAKE

revision = "0001_feeds"
down_revision = None


def upgrade() -> None:
    for statement in (OUTBOX, WAKE, TRIGGER):
        op.execute(statement)
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "feeds",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("read_at", moment),
        sa.Column("failed_at", moment),
        sa.Column("failure", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
    )
    op.create_table(
        "feed_counts",
        sa.Column("feed", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "feed_hazards",
        sa.Column("hazard_id", sa.Uuid, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("preferred", sa.Text, nullable=False),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("event", JSONB, nullable=False),
    )
    op.create_table(
        "feed_aliases",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("alias", sa.Text, primary_key=True),
        sa.Column(
            "hazard_id",
            sa.Uuid,
            sa.ForeignKey("feed_hazards.hazard_id"),
            nullable=False,
        ),
    )
    op.create_table(
        "feed_set_aside",
        sa.Column("feed", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("pointer", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("first_at", moment, nullable=False),
        sa.Column("last_at", moment, nullable=False),
    )
