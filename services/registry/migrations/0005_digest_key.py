"""Which key the stored digests were made with last; the worker, which alone holds the keys, lays them over what there is."""

from alembic import op

revision = "registry_0005"
down_revision = "registry_0004"

DIGEST_KEY = """
CREATE TABLE digest_key (
    key_id text NOT NULL,
    CONSTRAINT pk_digest_key PRIMARY KEY (key_id)
)
"""


def upgrade() -> None:
    op.execute(DIGEST_KEY)
