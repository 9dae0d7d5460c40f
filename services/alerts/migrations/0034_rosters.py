"""Adds rosters and their overrides. The previous release of Dayar ignores rosters and overrides."""

from alembic import op

revision = "alerts_0034"
down_revision = "alerts_0033"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE rosters (name text NOT NULL, layers jsonb NOT NULL, CONSTRAINT pk_rosters PRIMARY KEY (name))"
    )
    op.execute("""
        CREATE TABLE roster_overrides (
            override_id bigint GENERATED ALWAYS AS IDENTITY,
            roster text NOT NULL,
            person text NOT NULL,
            begins_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            reason text NOT NULL,
            uid text,
            CONSTRAINT pk_roster_overrides PRIMARY KEY (override_id),
            CONSTRAINT ck_roster_overrides_order CHECK (ends_at > begins_at),
            CONSTRAINT uq_roster_overrides_roster_uid UNIQUE (roster, uid),
            CONSTRAINT fk_roster_overrides_roster_rosters FOREIGN KEY (roster) REFERENCES rosters (name)
                ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX ix_roster_overrides_roster_ends_at ON roster_overrides (roster, ends_at)")
