"""A displacement with a known season, but no known month, now counts for its year, and for no month."""

from alembic import op

revision = "registry_0020"
down_revision = "registry_0019"

PERIOD = """100 * extract(year FROM occurred_at AT TIME ZONE 'Asia/Bishkek')::integer
    + CASE occurred_at_precision WHEN 'season' THEN 0 WHEN 'year' THEN 0
        ELSE extract(month FROM occurred_at AT TIME ZONE 'Asia/Bishkek')::integer END"""


def upgrade() -> None:
    for table in ("episodes", "stays", "passages", "counts", "group_stays"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN period SET EXPRESSION AS ({PERIOD})")
