"""Adds source and kind to the names of feeds, because an address may be read as feeds of several sources.

The previous release knows a feed by its address alone: if it runs again, it reads each document anew. After a
rollback and a second upgrade its rows keep the address as their name, and `GET /intake/v1/feeds` lists them too.
"""

from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"

TABLES = {
    "feed_counts": "feed",
    "feed_set_aside": "feed",
    "feeds": "name",
}  # `feeds` comes last, because the others read its column `source`
RENAME = """
UPDATE {table} AS renamed SET {column} =
    CASE WHEN feeds.source = 'usgs' THEN 'usgs=' ELSE 'usgs:' || feeds.source || '=' END || feeds.name
FROM feeds WHERE feeds.name = renamed.{column}
"""  # usgs was the only kind


def upgrade() -> None:
    for table, column in TABLES.items():
        op.execute(RENAME.format(table=table, column=column))
