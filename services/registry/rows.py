"""Makes the rows of reports, households and groups for COPY, and encrypts the sealed columns."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from services.registry.aads import member_aad, report_aad, row_aad
from services.registry.decisions import Name
from services.registry.households.ages import birth_year
from services.registry.models import UNCOMPARED, Group, Household, HouseholdSearchKeys, HouseholdSiteKey, Member, Report
from services.registry.reports import AnyFiled
from services.registry.row_readers import RowReader
from services.registry.search.keys import KeysOfRoot, KeyVersion
from services.registry.subjects import Subject
from shared.crypto.envelope_encryption import Key
from shared.postgres import bulk_copy
from shared.postgres.bulk_copy import Copy, Row

UNKNOWN = "unknown"

# `msgspec` needs half the time of `pydantic_core`
_encode = msgspec.json.Encoder().encode


# The version of the rules by which the rows about a household's sites are made. The worker makes rows of an older
# version of the rules again.
SITE_ROWS = 1
OF_SUBJECT = ("author", "team", "sequence", "row_version", "registered_at", "sealed")
REPORTS = RowReader(Report, "subject_id", "sealed")
NOW = ("current_pcode", "current_country")
KEYS = ("search_root_id", "search_folding", "site_root_id")
HOUSEHOLDS = RowReader(Household, "household_id", *OF_SUBJECT, *NOW, *KEYS, "site_rows")
GROUPS = RowReader(Group, "group_id", *OF_SUBJECT)


def reports(filed: Iterable[AnyFiled], keys: Mapping[Name, Key]) -> Copy:
    return REPORTS.copy(report(filed_report, keys[filed_report.subject]) for filed_report in filed)


def report(filed: AnyFiled, key: Key) -> Row:
    subject_id = filed.subject[1]
    aad = report_aad(subject_id, filed.report_id, filed.clear.version, filed.author)
    return REPORTS.row(filed, subject_id, key.seal(filed.plain, aad))


def households(subjects: Iterable[Subject], keys: Mapping[Name, Key], searched_by: KeyVersion) -> Copy:
    return HOUSEHOLDS.copy(household(subject, keys[subject.name], searched_by) for subject in subjects)


def household(subject: Subject, key: Key, searched_by: KeyVersion) -> Row:
    current = subject.current
    plain = _encode({name: value for name, value in current.sealed.items() if name != "members"})
    made_by = *searched_by, searched_by.root_id, SITE_ROWS
    return HOUSEHOLDS.row(current, subject.name[1], *of_subject(subject, plain, key), *subject.place, *made_by)


def of_subject(subject: Subject, plain: bytes, key: Key) -> Row:
    owner, version = subject.owner, subject.row_version
    sealed = key.seal(plain, row_aad(subject.name[1], version))
    return owner.author, owner.team, subject.sequence, version, subject.registered_at, sealed


def members(subjects: Iterable[Subject], keys: Mapping[Name, Key]) -> Copy:
    rows = (row for subject in subjects for row in members_of(subject, keys[subject.name]))
    return Copy(Member.__tablename__, bulk_copy.columns(Member), rows)


def members_of(subject: Subject, key: Key) -> Iterator[Row]:
    household_id, version = subject.name[1], subject.row_version
    for position, person in enumerate(subject.current.sealed.get("members", ())):
        member_id = person["member_id"]
        yield (
            household_id,
            member_id,
            position,
            version,
            person.get("sex", UNKNOWN),
            birth_year(person),
            person.get("relationship", UNKNOWN),
            key.seal(_encode(person), member_aad(household_id, member_id, version)),
        )


def search_keys(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    rows = ((subject.name[1], keys.of_household(subject)) for subject in subjects)
    return Copy(HouseholdSearchKeys.__tablename__, bulk_copy.columns(HouseholdSearchKeys), rows)


def uncompared(subjects: Iterable[Subject]) -> Copy:
    return Copy(UNCOMPARED.name, ("household_id",), ((subject.name[1],) for subject in subjects))


def household_site_keys(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    """The rows about sites tell which households a movement of everybody at a site concerns."""
    names = ((keys.of_site(site_id), subject.name[1]) for subject in subjects for site_id in sorted(subject.site_ids))
    return Copy(HouseholdSiteKey.__tablename__, ("site_key", "household_id"), names)


def groups(subjects: Iterable[Subject], keys: Mapping[Name, Key]) -> Copy:
    return GROUPS.copy(group(subject, keys[subject.name]) for subject in subjects)


def group(subject: Subject, key: Key) -> Row:
    current = subject.current
    return GROUPS.row(current, subject.name[1], *of_subject(subject, _encode(current.sealed), key))
