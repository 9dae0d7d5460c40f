"""Stores the id of the newest key with which the stored digests were computed.

After a change of the key, the worker computes the digests, because only the worker has the keys.
"""

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
