"""Finds the households of movements that name a household only by its short code.

A movement whose code is unknown, or belongs to several households, is held until a single household has the code. If an
account sends many wrong codes within an hour, its further codes are compared only after a pause. Without this limit, an
account could guess the codes of households, because a receipt shows whether a movement was recorded.
"""

# raw SQL throughout: the statements use the asyncpg connection of the working set

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from services.registry.decisions import Name
from services.registry.households.unidentified_movements import is_unnamed
from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.search.keys import SearchKeys
from services.registry.subjects import Subject
from shared.events.vocabulary import ReportKind

MOST_WRONG = 20
WINDOW = timedelta(hours=1)
KEPT = timedelta(days=60)  # a movement with a wrong code waits at most this long before it is refused
AT_ONCE = 200

# Only one transaction at a time compares codes. If two transactions compared codes at the same time, each transaction
# would miss the wrong codes in the other transaction.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('household codes', 0))"
# Transactions that give households the same code run one after the other. Two transactions at the same time could give
# one code to two households without noticing. The locks are taken after the locks of households, in a fixed order.
LOCK_GIVEN = """
SELECT pg_advisory_xact_lock(hashtextextended(name, 0))
FROM unnest($1::text[]) AS name ORDER BY hashtextextended(name, 0)
"""
FIND = """
SELECT household_id, key FROM search_keys CROSS JOIN unnest(keys) AS key
WHERE keys && $1::bytea[] AND key = ANY($1::bytea[])
"""
WRONG = """
SELECT author, count(*) AS codes FROM coded_movements WHERE author = ANY($1::uuid[]) AND wrong_at > $2 GROUP BY author
"""
ADD = """
INSERT INTO coded_movements (report_id, version, author, compared_at, wrong_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
IS_ANY_LISTED = "SELECT EXISTS (SELECT FROM coded_movements)"
# Selects the movements whose codes have not been compared for the longest time. Movements with and without `wrong_at`
# have separate limits. Movements of accounts that must pause do not delay the movements of other accounts.
LISTED = """
(SELECT * FROM coded_movements WHERE wrong_at IS NULL ORDER BY compared_at LIMIT $1)
UNION ALL (SELECT * FROM coded_movements WHERE wrong_at IS NOT NULL ORDER BY compared_at LIMIT $1)
"""
NOTE = """
UPDATE coded_movements SET compared_at = $4, wrong_at = coalesce(wrong_at, $5)
WHERE (report_id, version, author) = ($1, $2, $3)
"""
DELETE = "DELETE FROM coded_movements WHERE (report_id, version, author) = ($1, $2, $3)"

MovementVersion: TypeAlias = tuple[str, int, str]  # a version consists of a report id, a number and an author
Holders: TypeAlias = defaultdict[str, set[str]]


class CodeComparison(NamedTuple):
    """`household_id` is None if the code is wrong, or if the account that sent the code must pause."""

    movement: FiledMovement
    household_id: str | None
    is_paused: bool = False

    def wrong_at(self, now: datetime) -> datetime | None:
        return None if self.is_paused or self.household_id else now


def compared(
    movements: Iterable[FiledMovement],
    households: Mapping[str, str],
    wrong: Mapping[str, int],
    *,
    counted: Collection[MovementVersion] = (),
) -> list[CodeComparison]:
    """Compare the codes of the movements, in the given order.

    `households` maps each code of a single household to the id of this household. `wrong` maps each author to the
    number of wrong codes within the last hour. `counted` are movements whose codes have already been counted as wrong.
    """
    codes_of, comparisons = Counter(wrong), list[CodeComparison]()
    for movement in movements:
        is_counted = version_of(movement) in counted
        if not is_counted and codes_of[movement.author] >= MOST_WRONG:
            comparisons.append(CodeComparison(movement, None, is_paused=True))
            continue
        household_id = households.get(movement.household_code or "")
        codes_of[movement.author] += household_id is None and not is_counted
        comparisons.append(CodeComparison(movement, household_id))
    return comparisons


def with_codes(batch: Iterable[AnyFiled]) -> list[FiledMovement]:
    return [filed for filed in batch if isinstance(filed, FiledMovement) and filed.household_code]


def divided(
    coded: Iterable[FiledMovement], batch: Iterable[AnyFiled]
) -> tuple[list[FiledMovement], list[FiledMovement]]:
    given = {filed.sealed.get("short_code") for filed in batch}
    movements: tuple[list[FiledMovement], list[FiledMovement]] = ([], [])
    for movement in coded:
        movements[movement.household_code in given].append(movement)
    return movements


def single(holders: Holders) -> dict[str, str]:
    return {code: min(ids) for code, ids in holders.items() if len(ids) == 1}


def single_loaded(holders: Holders, codes: set[str], loaded: Iterable[Subject]) -> dict[str, str]:
    """Maps codes to the ids of loaded households. Codes that belong to several households are left out.

    For loaded households, the codes in memory are used instead, because reports of the batch may have changed the
    codes.
    """
    households = {subject.name[1]: subject for subject in loaded if subject.name[0] == ReportKind.HOUSEHOLD}
    for code in codes:
        holders[code] -= households.keys()
    for household_id, subject in households.items():
        for code in subject.short_codes & codes:
            holders[code].add(household_id)
    return {code: household_id for code, household_id in single(holders).items() if household_id in households}


def version_of(report: AnyFiled) -> MovementVersion:
    return report.report_id, report.clear.version, report.author


def codes_of(movements: Iterable[FiledMovement]) -> set[str]:
    return {movement.household_code or "" for movement in movements}


def expired(
    waiting: Iterable[FiledMovement],
    listed: Mapping[MovementVersion, datetime | None],
    comparisons: Iterable[CodeComparison],
    until: datetime,
) -> list[FiledMovement]:
    identified = {version_of(comparison.movement) for comparison in comparisons}
    wrong_at = {version: at for version, at in listed.items() if at is not None and version not in identified}
    return [movement for movement in waiting if wrong_at.get(version_of(movement), until) < until]


class HouseholdCodes:
    """`connection` is the asyncpg connection of the transaction."""

    def __init__(self, connection: Any, search: SearchKeys) -> None:
        self._connection = connection
        self._search = search

    async def lock(self) -> None:
        """Take the lock that a transaction needs to compare codes.

        The caller must not have locked households yet.
        """
        await self._connection.execute(LOCK)

    async def households_of(self, movements: Sequence[FiledMovement]) -> set[Name]:
        holders = single(await self._holders(codes_of(movements))) if movements else {}
        return {(ReportKind.HOUSEHOLD.value, household_id) for household_id in holders.values()}

    async def resolve(
        self, movements: Sequence[FiledMovement], now: datetime, loaded: Iterable[Subject] | None = None
    ) -> None:
        """Set the household of each new movement whose code belongs to a single household.

        Movements without a single household are added to the list of waiting movements. The caller has called `lock`.
        `loaded` are the households of the batch, after the batch's reports about households were filed. Without
        `loaded`, only the stored households are compared.
        """
        if not movements:
            return
        codes = codes_of(movements)
        holders = await self._holders(codes)
        households = single(holders) if loaded is None else single_loaded(holders, codes, loaded)
        comparisons = compared(movements, households, await self._wrong(movements, now))
        for comparison in comparisons:
            comparison.movement.name_household(comparison.household_id)
        unknown = [comparison for comparison in comparisons if comparison.household_id is None]
        await self._connection.executemany(
            ADD, [(*version_of(comparison.movement), now, comparison.wrong_at(now)) for comparison in unknown]
        )

    async def list_again(self, reports: Iterable[AnyFiled], now: datetime) -> None:
        """Put stored movements on the list if their codes must be compared again.

        If a person took a movement away from its household, the movement's code was never compared with other codes.
        If a movement waited for another version of its report, its code was never compared with other codes. The list
        dates the wrong code back by an hour, so the code does not count towards the author's limit. The time until the
        movement is refused begins now.
        """
        listed = [
            (*version_of(movement), movement.received_at, now - WINDOW) for movement in filter(is_unnamed, reports)
        ]
        if listed:
            await self._connection.executemany(ADD, listed)

    async def listed(self) -> dict[MovementVersion, datetime | None]:
        """Maps each movement to the time from which its code counts as wrong."""
        if not await self._connection.fetchval(IS_ANY_LISTED):
            return {}
        await self.lock()
        rows = await self._connection.fetch(LISTED, AT_ONCE)
        return {(str(row["report_id"]), row["version"], str(row["author"])): row["wrong_at"] for row in rows}

    async def compare_again(
        self,
        waiting: Sequence[FiledMovement],
        listed: Mapping[MovementVersion, datetime | None],
        now: datetime,
    ) -> list[CodeComparison]:
        """Compare the codes of the `listed` movements again. Returns the movements whose household is known now.

        `waiting` are the listed movements whose household is still unknown. All other listed movements leave the list:
        a person refused these movements, or newer versions replaced them. The wrong codes of movements that leave the
        list still count until the end of the hour. If these codes did not count, an account could try any number of
        codes by correcting its own movements.
        """
        counted = {version for version, wrong_at in listed.items() if wrong_at is not None}
        households, wrong = single(await self._holders(codes_of(waiting))), await self._wrong(waiting, now)
        comparisons = compared(waiting, households, wrong, counted=counted)
        unknown = [comparison for comparison in comparisons if comparison.household_id is None]
        noted = {version_of(comparison.movement): comparison.wrong_at(now) for comparison in unknown}
        for version in listed.keys() - {version_of(movement) for movement in waiting}:
            if (wrong_at := listed[version]) and wrong_at > now - WINDOW:
                noted[version] = wrong_at
        await self._connection.executemany(NOTE, [(*version, now, wrong_at) for version, wrong_at in noted.items()])
        await self._connection.executemany(DELETE, list(listed.keys() - noted.keys()))
        return [comparison for comparison in comparisons if comparison.household_id is not None]

    async def count_shared(self, given: Sequence[Filed], now: datetime) -> None:
        """Count a code as wrong if a report gives the code to a household although another household has the code.

        Without this rule, an account could guess codes: its receipt shows that a movement with a code of two households
        is not recorded.

        The caller has locked the households, and stores them later.
        """
        if not given:
            return
        codes = {filed.sealed["short_code"] for filed in given}
        await self._connection.execute(LOCK_GIVEN, [f"code {key.hex()}" for key in self._search.of_codes(codes)])
        holders, wrong = await self._holders(codes), list[Filed]()
        for filed in given:
            households, household_id = holders[filed.sealed["short_code"]], filed.subject[1]
            if households and household_id not in households:
                wrong.append(filed)
            households.add(household_id)
        await self._connection.executemany(ADD, [(*version_of(filed), now, now) for filed in wrong])

    async def _holders(self, codes: Collection[str]) -> Holders:
        keys = self._search.of_codes(codes)
        holders: Holders = defaultdict(set)
        for row in await self._connection.fetch(FIND, list(keys)):
            holders[keys[row["key"]]].add(str(row["household_id"]))
        return holders

    async def _wrong(self, movements: Iterable[FiledMovement], now: datetime) -> dict[str, int]:
        authors = {movement.author for movement in movements}
        rows = await self._connection.fetch(WRONG, list(authors), now - WINDOW)
        return {str(row["author"]): row["codes"] for row in rows}
