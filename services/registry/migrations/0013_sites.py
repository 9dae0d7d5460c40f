"""Adds the sites where displaced people stay, and the site of a group's count."""

from alembic import op

revision = "registry_0013"
down_revision = "registry_0012"

SITES = """
CREATE TABLE sites (
    site_id uuid NOT NULL,
    version integer NOT NULL,
    name_ky text,
    name_ru text,
    name_en text,
    type text NOT NULL,
    state text NOT NULL,
    pcode text NOT NULL,
    locality text,
    lat double precision,
    lon double precision,
    capacity integer,
    needs jsonb NOT NULL,
    sealed bytea,
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL,
    CONSTRAINT pk_sites PRIMARY KEY (site_id)
)
"""
KEYS = """
CREATE TABLE site_keys (
    site_id uuid NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    CONSTRAINT pk_site_keys PRIMARY KEY (site_id)
)
"""


def upgrade() -> None:
    op.execute(SITES)
    op.execute("CREATE INDEX ix_sites_pcode ON sites (pcode)")
    op.execute(KEYS)
    op.execute("ALTER TABLE counts ADD site_id uuid, ADD covers_site boolean")
    op.execute("CREATE INDEX ix_counts_site_id ON counts (site_id) WHERE site_id IS NOT NULL")
