"""Checks that the drawn reports and the compared figures contain each declared code and each declared filter.

The contract's enums declare the codes, and the routes declare the filters. After somebody adds a code, a field or a
filter, the check fails until the comparison contains it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import product
from typing import Any, get_args, get_type_hints
from urllib.parse import parse_qsl

import pandas as pd
from pydantic import BaseModel

from services.registry.figures.durations import CLASSES
from services.registry.figures.figure_values import Figure
from services.registry.figures.filters import WITHOUT_EFFECT, FlowFilters, StockFilters
from services.registry.figures.movement_routes import DurationFilters, MovementFilters
from services.registry.figures.needs import NeedFigure
from shared.country import ABROAD, COUNTRY, UNKNOWN_COUNTRY
from shared.events.displacements import GroupReport, HouseholdReport
from shared.events.movements import (
    OF_GROUPS,
    OF_SITES,
    GroupMovementReport,
    HouseholdMovementReport,
    SiteMovementReport,
)
from shared.events.vocabulary import TO_THE_DAY, Mobility, Movement, SubStock
from tests.registry.independent_figures import Body, Figures, code
from tests.registry.independent_lives import UNSEEN

MODELS: dict[str, type[BaseModel]] = {
    "household": HouseholdReport,
    "group": GroupReport,
    "household_movement": HouseholdMovementReport,
    "group_movement": GroupMovementReport,
    "site_movement": SiteMovementReport,
}
# For fields that cannot have every code: the codes that the drawn reports must contain.
POSSIBLE: dict[tuple[str, str], Iterable[str]] = {
    ("group_movement", "movement"): OF_GROUPS,
    ("site_movement", "movement"): OF_SITES,
    ("site_movement", "occurred_at_precision"): TO_THE_DAY,
    ("group_movement", "shelter"): (),
    ("site_movement", "shelter"): (),
}
# No figure depends on these fields.
WITHOUT_FIGURES = {
    *("intention", "legal_basis", "household_unit", "households_quantifier", "source_type"),
    *("members.relationship", "members.disabilities"),
}
UNKNOWN_PLACES = {COUNTRY, ABROAD, UNKNOWN_COUNTRY}  # the district, the country abroad, or the place is not known
IN_NO_FIGURE = {Mobility.UNABLE_TO_MOVE.value}
WITHOUT_PASSAGE = {"confirmed_here", "intends_to_stay", *UNSEEN}  # movements that leave everybody's position unchanged
FILTERS: dict[str, type[BaseModel]] = {
    "stock": StockFilters,
    "flows": FlowFilters,
    "needs": StockFilters,
    "movements": MovementFilters,
    "duration": DurationFilters,
}
IGNORED = {"needs": {"by"}, "movements": WITHOUT_EFFECT, "duration": WITHOUT_EFFECT}
OF_FORMAT = {"format", "lang"}
LONG = {"reason", "hazard_type", "shelter", "age", "movement"}  # the compared rows contain each listed code


def codes_in(annotation: Any) -> set[str]:
    if isinstance(annotation, Enum):
        return {annotation.value}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {code.value for code in annotation}
    return {code for part in get_args(annotation) for code in codes_in(part)}


def check_reports(bodies: Iterable[Body]) -> None:
    drawn = defaultdict[str, list[Body]](list)
    for body in bodies:
        drawn[body["kind"]].append(body)
    for kind, model in MODELS.items():
        for path, codes, default in coded_fields(model):
            possible = {str(code) for code in POSSIBLE.get((kind, path), codes)}
            missing = possible - {code for body in drawn[kind] for code in values_at(path, body, default)}
            assert path in WITHOUT_FIGURES or not missing, f"no {kind} has {path} {missing}"

    for kind, side in (
        *product(("household", "group"), ("origin", "destination")),
        *product(("household_movement", "group_movement"), ("destination",)),
    ):
        places = {code(body.get(side)) for body in drawn[kind]}
        assert places >= UNKNOWN_PLACES, f"no {kind} has the {side} {UNKNOWN_PLACES - places}"


def coded_fields(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, set[str], Any]]:
    for name, field in model.model_fields.items():
        if codes := codes_in(field.annotation):
            yield before + name, codes, field.default
        for part in models_in(field.annotation):
            yield from coded_fields(part, f"{before}{name}.")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def values_at(path: str, content: Body, default: Any) -> Iterator[Any]:
    name, _, rest = path.partition(".")
    found = content.get(name, None if rest else default)
    for value in found if isinstance(found, list | tuple) else [found]:
        if rest and isinstance(value, dict):
            yield from values_at(rest, value, default)
        elif not rest:
            yield value


def check_people(figures: Figures, of_sites: set[str]) -> None:
    """Registered people and counted people must be in each sub-stock.

    Registered people and counted people must have made each kind of movement, with and without a site.
    """
    for kind in ("household", "group"):
        of = figures.positions[figures.positions["kind"] == kind]
        assert {*of["sub_stock"]} == codes_in(SubStock), kind
        passages = figures.passages[figures.passages["kind"] == kind]
        assert {*passages["new_movement"]} == codes_in(Movement) - WITHOUT_PASSAGE, kind
        with_site = passages[passages["new_report_id"].isin(of_sites)]
        assert {*with_site["new_movement"]} == {str(code) for code in OF_SITES} - WITHOUT_PASSAGE, kind
    registered = figures.positions[figures.positions["kind"] == "household"]
    assert registered["is_presumed"].any() and registered["intends_to_stay"].any()
    moved = figures.passages[figures.passages["kind"] == "household"]
    is_named, is_aged = moved["born"].notna(), moved["youngest"].notna()
    # three kinds of registered people moved: named members, persons of an age bracket, and unnamed persons
    assert is_named.any() and (is_aged & ~is_named).any() and (moved["member_id"] == "").any()


class Compared:
    def __init__(self) -> None:
        self.asked = defaultdict[str, dict[str, set[str]]](lambda: defaultdict(set))
        self.codes = defaultdict[tuple[str, str], set[str]](set)
        self.numbers = defaultdict[str, int](int)

    def add(self, path: str, rows: pd.DataFrame, keys: Iterable[str]) -> None:
        route, _, query = path.partition("?")
        for name, value in parse_qsl(query):
            self.asked[route][name].add(value)
        for people in ("persons", "group_persons"):
            present = rows[rows[people] > 0]
            for name in keys:
                self.codes[people, name] |= set(present[name].unique())
        for name in rows.columns.difference([*keys]):
            self.numbers[f"{name} {route}"] += int(rows[name].sum())

    def check(self) -> None:
        for route, model in FILTERS.items():
            for name, field in model.model_fields.items():
                values = self.asked[route][field.alias or name]
                is_ignored = name in OF_FORMAT or name in IGNORED.get(route, ())
                assert values or is_ignored, f"no request for {route} has the filter {name}"
                missing = codes_in(field.annotation) - values - IN_NO_FIGURE
                assert not missing or is_ignored or name in LONG, f"{route} is never asked with {name} {missing}"
        hints = {**get_type_hints(Figure), **get_type_hints(NeedFigure)}
        for name, hint in ((name.replace("reasons", "reason"), hint) for name, hint in hints.items()):
            for people in ("persons", "group_persons"):
                missing = codes_in(hint) - self.codes[people, name] - IN_NO_FIGURE
                is_possible = people == "persons" or name != "confirmation"  # groups are never confirmed
                assert not missing or not is_possible, f"no row with {people} has {name} {missing}"
        assert all(self.numbers.values()), [name for name, number in self.numbers.items() if not number]


def check_durations(durations: Iterable[pd.DataFrame]) -> None:
    numbers = pd.concat([*durations]).groupby(["days", "has_ended"])[["persons", "group_persons"]].sum()
    assert {*numbers.index} == {(days, has_ended) for days in CLASSES for has_ended in (False, True)}
    assert (numbers > 0).all(axis=None)
