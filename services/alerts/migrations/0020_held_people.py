"""Stores the people in held reports, so that the rule about displaced people counts them."""

from alembic import op

revision = "alerts_0020"
down_revision = "alerts_0019"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE held_people (
            kind text NOT NULL,
            subject_id uuid NOT NULL,
            report_id uuid NOT NULL,
            sequence bigint NOT NULL,
            status text NOT NULL,
            stock_id uuid,
            is_counted boolean NOT NULL,
            mobility text NOT NULL,
            persons integer NOT NULL,
            families integer NOT NULL,
            yards integer NOT NULL,
            origin_area text,
            destination_area text,
            departed_on date,
            CONSTRAINT pk_held_people PRIMARY KEY (kind, subject_id)
        )
    """)
    op.execute("CREATE INDEX ix_held_people_origin_area_departed_on ON held_people (origin_area, departed_on)")
    op.execute("CREATE INDEX ix_held_people_subject_id ON held_people (subject_id)")
    op.execute("CREATE INDEX ix_held_people_stock_id ON held_people (stock_id)")
