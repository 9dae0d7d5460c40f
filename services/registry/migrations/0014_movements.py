"""Adds the tables `stays` and `passages` for the movements of households.

`stays` has the place of the people after each movement, and `passages` the movements themselves.
"""

from alembic import op

revision = "registry_0014"
down_revision = "registry_0013"

# The two new tables have all columns of `episodes`, even the columns that PostgreSQL computes.
TABLE = """
CREATE TABLE {table} (
    LIKE episodes INCLUDING GENERATED,
    number integer NOT NULL,
    households smallint NOT NULL,
    movement text,
    departed_at timestamptz NOT NULL,
    {columns},
    CONSTRAINT pk_{table} PRIMARY KEY (household_id, number)
)
"""
COLUMNS = {
    "stays": "sub_stock text NOT NULL, confirmed_at timestamptz NOT NULL, is_return_presumed boolean NOT NULL",
    "passages": "from_sub_stock text NOT NULL, to_sub_stock text NOT NULL",
}
TRIGGER = """
CREATE TRIGGER renew_data_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION renew_data_version()
"""


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        op.execute(TABLE.format(table=table, columns=columns))
        op.execute(f"CREATE INDEX ix_{table}_status_occurred_at ON {table} (status, occurred_at)")
        op.execute(TRIGGER.format(table=table))
