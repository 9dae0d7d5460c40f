"""Makes rows for COPY from the fields of reports.

A column of a model contains the field of the report (`Filed`) that has the same name. If `Filed` has no field with the
name of the column, the value comes from the unencrypted fields of the report. A new unencrypted field needs only a new
column. `PATHS` names the fields of columns that have another name. The computed columns come last in each row.
"""

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from services.registry.counts.headcounts import Headcount
from services.registry.models import RegistryModel
from services.registry.reports import AnyFiled, Filed
from shared.postgres import bulk_copy
from shared.postgres.bulk_copy import Copy, Row

OF_REPORT = {field.name for field in fields(Filed)} | {"group_id"}
PATHS = {
    "clear": "text",
    "changed_at": "received_at",
    "shelter": "shelter",
    "needs": "needs",
    "origin_pcode": "clear.origin.pcode",
    "origin_country": "clear.origin.country",
    "destination_pcode": "clear.destination.pcode",
    "destination_country": "clear.destination.country",
    "displaced_from_pcode": "clear.origin.pcode",
}


class RowReader:
    """The caller passes the values of the `computed` columns in their order."""

    def __init__(self, model: type[RegistryModel], *computed: str) -> None:
        named = [name for name in bulk_copy.columns(model) if name not in computed]
        self._table = model.__tablename__
        self.columns = (*named, *computed)
        self._values = attrgetter(*map(path, named))

    def row(self, filed: AnyFiled | Headcount, *computed: object) -> Row:
        return (*self._values(filed), *computed)

    def copy(self, rows: Iterable[Row]) -> Copy:
        return Copy(self._table, self.columns, rows)


def path(column: str) -> str:
    return PATHS.get(column) or (column if column in OF_REPORT else f"clear.{column}")
