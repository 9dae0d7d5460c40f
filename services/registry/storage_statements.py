"""The SQL statements that load, lock and write the working set of a batch."""

# raw SQL throughout: the statements run for every batch of reports and must be fast

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

import asyncpg

from services.registry.decisions import SUBJECT_OF
from services.registry.subjects import Subject
from shared.events.vocabulary import ReportKind

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Every filed report gives its household a key, so a household without a key is new.
KNOWN = """
SELECT {subject} AS subject_id, kek_id, wrapped, {code} AS sealed_code,
    author, team, registered_at, sequence, row_version
FROM {table}_keys LEFT JOIN {table}s USING ({subject})
WHERE {subject} = ANY($1::uuid[])
"""
LOCK_OF = {kind: f"ORDER BY {kind}_id FOR UPDATE OF {kind}_keys" for kind in (ReportKind.HOUSEHOLD, ReportKind.GROUP)}
KNOWN_OF = {
    kind: KNOWN.format(table=kind, subject=f"{kind}_id", code=code)
    for kind, code in ((ReportKind.HOUSEHOLD, "sealed_code"), (ReportKind.GROUP, "NULL::bytea"))
}
KEEP_CODE = "UPDATE household_keys SET sealed_code = $2 WHERE household_id = $1"
BY_REPORT = "SELECT * FROM reports WHERE report_id = ANY($1::uuid[])"
BY_SUBJECT = "SELECT * FROM reports WHERE subject_id = ANY($1::uuid[]) AND kind = ANY($2)"
OUTCOMES = """
SELECT report_id, version, author, outcome, reason, outcome_id FROM reports
WHERE report_id = ANY($1::uuid[]) AND kind = 'group_movement'
"""
KINDS_OF = {
    subject: [kind for kind, about in SUBJECT_OF.items() if about == subject]
    for subject in (ReportKind.HOUSEHOLD, ReportKind.GROUP)
}
# The key of the person in charge is in another table, `site_keys`.
SITE_KEYS = "SELECT site_id AS subject_id, kek_id, wrapped FROM site_report_keys WHERE site_id = ANY($1::uuid[])"
# The answer with the id $2 is included, because the present transaction executes this answer.
LINKS = """
SELECT household_id, report_id, hazard_id, hazard_type, origin_pcode, occurred_at FROM (
    SELECT DISTINCT ON (household_id, report_id) * FROM event_answers
    WHERE household_id = ANY($1::uuid[]) AND (result = 'applied' OR decision_id = $2)
    ORDER BY household_id, report_id, decided_at DESC, decision_id
) AS newest
WHERE answer = 'yes'
"""
PCODES = "SELECT site_id, pcode FROM sites WHERE site_id = ANY($1::uuid[])"
HELD_OF = """
SELECT * FROM reports WHERE outcome = 'held' AND (report_id = ANY($1::uuid[]) OR subject_id = ANY($2::uuid[]))
"""
# `is_moved` is true if this transaction files a movement of everybody at the site. A site whose people move is locked
# exclusively, and all other sites with a shared lock.
LOCK_SITES = """
SELECT CASE WHEN is_moved
    THEN pg_advisory_xact_lock(hashtextextended(name, 0))::text
    ELSE pg_advisory_xact_lock_shared(hashtextextended(name, 0))::text
END
FROM unnest($1::text[], $2::boolean[]) AS site (name, is_moved) ORDER BY hashtextextended(name, 0)
"""
# The previous release of Dayar still writes to `household_sites`.
HOUSEHOLD_TABLES = (
    *("households", "members", "episodes", "stays", "passages", "search_keys"),
    *("household_site_keys", "household_sites", "site_passages", "site_residents"),
)
UNIDENTIFIED = """
SELECT reports.* FROM reports
JOIN unnest($1::uuid[], $2::integer[], $3::uuid[]) AS listed (report_id, version, author)
    USING (report_id, version, author)
WHERE outcome = 'held' AND reason IN ('household_unknown', 'expired_token', 'revoked_credential')
AND kind = 'household_movement' AND subject_id = report_id
ORDER BY received_at, report_id, version
"""
IDENTIFY = """
UPDATE reports SET subject_id = $5, sealed = $6 WHERE report_id = $1 AND version = $2 AND author = $3 AND kind = $4
"""
# While its household is unknown, a report is stored under its own id, with a data key for this id. When the household
# becomes known, this statement deletes the key. A key that another report needs is not deleted.
DELETE_KEYS = """
DELETE FROM household_keys WHERE household_id = ANY($1::uuid[])
AND NOT EXISTS (SELECT FROM reports WHERE subject_id = household_id)
"""
REFILE = """
UPDATE reports SET outcome = $5, reason = $6, outcome_id = $7
WHERE report_id = $1 AND version = $2 AND author = $3 AND kind = $4
"""


async def lock_sites(connection: Connection, keys: Iterable[bytes], moved: Collection[bytes] = ()) -> None:
    locks = {f"site {key.hex()}": key in moved for key in keys}
    if locks:
        await connection.execute(LOCK_SITES, list(locks), list(locks.values()))


async def clear_away(connection: Connection, changed: Sequence[Subject], column: str, tables: Iterable[str]) -> None:
    known = [subject.name[1] for subject in changed if not subject.is_new]
    if known:
        for table in tables:
            await connection.execute(f"DELETE FROM {table} WHERE {column} = ANY($1::uuid[])", known)  # noqa: S608
