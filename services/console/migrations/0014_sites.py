"""Adds the names of sites, and the site of each count of a group."""

from alembic import op

revision = "console_0014"
down_revision = "console_0013"

SITES = """
CREATE TABLE board_sites (
    site_id uuid NOT NULL,
    version integer NOT NULL,
    pcode text NOT NULL,
    name_ky text,
    name_ru text,
    name_en text,
    CONSTRAINT pk_board_sites PRIMARY KEY (site_id)
)
"""


def upgrade() -> None:
    op.execute(SITES)
    op.execute("ALTER TABLE board_groups ADD site_id uuid")
