"""Adds versions of the stored displacements. Figures are computed again only if one of these versions has changed."""

from alembic import op

revision = "registry_0009"
down_revision = "registry_0008"

# Transactions that renew one row wait for each other, but with 256 rows few transactions wait.
SLOTS = 256  # the SQL function `renew_data_version` contains the same number
TABLE = """
CREATE TABLE data_versions (
    slot smallint NOT NULL,
    version uuid NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_data_versions PRIMARY KEY (slot)
) WITH (fillfactor = 50)
"""
# A trigger renews the version, because the previous release of Dayar writes displacements without renewing the version.
RENEW = """
CREATE FUNCTION renew_data_version() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE data_versions SET version = DEFAULT WHERE slot = pg_backend_pid() % 256;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER renew_data_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION renew_data_version()
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(f"INSERT INTO data_versions (slot) SELECT generate_series(0, {SLOTS - 1})")
    op.execute(RENEW)
    for table in ("episodes", "counts"):
        op.execute(TRIGGER.format(table=table))
