"""Finds the households of movements that name a household only by its short code.

A movement is held until exactly one household has the movement's short code. An account that sends many wrong codes
within an hour must pause before further codes are compared. Without the pause, an account could guess codes, because a
receipt shows whether a movement was recorded.
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
KEPT = timedelta(days=60)  # a movement whose code is wrong is refused after this time
AT_ONCE = 200

# Only one transaction at a time compares codes. If two transactions compared codes at the same time, each would miss
# the wrong codes in the other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('household codes', 0))"
# Transactions that give households the same code run one after the other, because each must see the other's code. The
# locks are taken in a fixed order, after the locks of households.
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
# Selects the movements whose codes were compared the longest time ago. Movements that have `wrong_at`, and movements
# that do not, have separate limits. An account that must pause does not delay the movements of other accounts.
LISTED = """
(SELECT * FROM coded_movements WHERE wrong_at IS NULL ORDER BY compared_at LIMIT $1)
UNION ALL (SELECT * FROM coded_movements WHERE wrong_at IS NOT NULL ORDER BY compared_at LIMIT $1)
"""
NOTE = """
UPDATE coded_movements SET compared_at = $4, wrong_at = coalesce(wrong_at, $5)
WHERE (report_id, version, author) = ($1, $2, $3)
"""
DELETE = "DELETE FROM coded_movements WHERE (report_id, version, author) = ($1, $2, $3)"

MovementVersion: TypeAlias = tuple[str, int, str]  # the report id, the version number and the author
Holders: TypeAlias = defaultdict[str, set[str]]


class CodeComparison(NamedTuple):
    """`household_id` is None if the code is wrong, or if the author of the movement must pause."""

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
    """Compare the codes of the movements, one after the other in the given order.

    `households` maps a code to the id of the only household that has the code. `wrong` maps each author to the number
    of wrong codes within the last hour. `counted` are movements whose codes were counted as wrong before.
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
    """Maps each code to the id of the only household, stored or loaded, that has the code.

    A code that several households have is left out.

    Reports of the batch may have changed the codes of loaded households, so their codes are read from memory.
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
        """Set the household of each new movement whose code exactly one household has.

        If no household, or more than one household, has the code of a movement, the movement is put on the waiting
        list. The caller must have called `lock`. `loaded` are the households of the batch, which include the batch's
        reports. If `loaded` is None, the codes are compared only with stored households.
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
        """Put stored movements on the waiting list, because their codes must be compared again.

        The code of a movement that a person took away from its household was never compared. The code of a movement
        that waited for another version of its report was never compared. The codes are dated back by an hour, so that
        they do not count towards the author's limit. The waiting time of a listed movement begins now.
        """
        listed = [
            (*version_of(movement), movement.received_at, now - WINDOW) for movement in filter(is_unnamed, reports)
        ]
        if listed:
            await self._connection.executemany(ADD, listed)

    async def listed(self) -> dict[MovementVersion, datetime | None]:
        """Maps each movement to the time from which its code counts as wrong, or to None."""
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
        """Compare the codes of the `listed` movements again. Returns the movements whose household has become known.

        `waiting` are the listed movements whose household is still unknown. Listed movements that do not wait any more
        leave the list: a person refused them, or newer versions replaced them. A wrong code counts until the end of the
        hour, even if a correction of the movement replaces the code. Otherwise, an account could try any number of
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
        """A code counts as wrong if a report gives it to a household although another household has the code.

        Without this rule, an account could guess codes: a receipt shows that a movement with a code of two households
        is not recorded.

        The caller has locked the households, and will store them.
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
