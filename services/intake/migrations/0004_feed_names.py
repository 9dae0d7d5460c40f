"""Adds source and kind to the names of feeds.

Two sources can now have a feed with the same address. After a rollback, the previous release does not find the renamed
rows, and reads each document again. A second upgrade does not rename the rows that were written after the rollback.
`GET /intake/v1/feeds` also lists these rows.
"""

from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"

TABLES = {
    "feed_counts": "feed",
    "feed_set_aside": "feed",
    "feeds": "name",
}  # The statements for the other tables read the old names in `feeds`, so `feeds` is renamed last.
RENAME = """
UPDATE {table} AS renamed SET {column} =
    CASE WHEN feeds.source = 'usgs' THEN 'usgs=' ELSE 'usgs:' || feeds.source || '=' END || feeds.name
FROM feeds WHERE feeds.name = renamed.{column}
"""  # All feeds of the previous release have the kind `usgs`.


def upgrade() -> None:
    for table, column in TABLES.items():
        op.execute(RENAME.format(table=table, column=column))
