"""Stores the sites where displaced people stay, and the site of each count, for the exposure rule."""

from alembic import op

revision = "alerts_0021"
down_revision = "alerts_0020"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE sites (
            site_id uuid CONSTRAINT pk_sites PRIMARY KEY,
            version integer NOT NULL,
            name_ky text,
            name_ru text,
            name_en text,
            pcode text NOT NULL,
            area text NOT NULL,
            lat double precision,
            lon double precision
        )
    """)
    op.execute(
        "ALTER TABLE counted_groups ADD COLUMN site_id uuid, ADD COLUMN covers_site boolean NOT NULL DEFAULT false,"
        " ADD COLUMN counted_at timestamptz"
    )
    op.execute("CREATE INDEX ix_counted_groups_site_id ON counted_groups (site_id) WHERE site_id IS NOT NULL")
    op.execute("ALTER TABLE exposures ADD COLUMN told_sites text")
