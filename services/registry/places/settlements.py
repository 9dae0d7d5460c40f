"""Adds the codes of settlements to reports that name settlements only in words. No I/O.

A report from before the import of the gazetteer has no codes from intake.
"""

from collections.abc import Mapping
from typing import Any

from services.registry.reports import AnyFiled
from shared.events.displacements import GroupClear
from shared.events.fields import Place
from shared.places import Places

SIDES = ("origin", "destination")


def add_settlements(filed: AnyFiled, places: Places) -> None:
    """The added codes are unencrypted in a count, and sealed in any other report."""
    if not places.gazetteer:
        return
    if isinstance(filed.clear, GroupClear):
        filed.clear = with_settlements(filed.clear, places)
    else:
        stated = {side: getattr(filed.clear, side, None) for side in SIDES}
        filed.sealed.update(missing_codes(stated, filed.sealed, places))


def with_settlements(clear: GroupClear, places: Places) -> GroupClear:
    if not places.gazetteer:
        return clear
    codes = missing_codes({side: getattr(clear, side) for side in SIDES}, dict(clear), places)
    return clear.model_copy(update=codes) if codes else clear


def missing_codes(stated: Mapping[str, Place | None], fields: Mapping[str, Any], places: Places) -> dict[str, str]:
    """`fields` may name a settlement without a code."""
    codes: dict[str, str] = {}
    for side, place in stated.items():
        name, known = fields.get(f"{side}_locality"), fields.get(f"{side}_locality_pcode")
        if name and not known and place and (pcode := places.locality(place.pcode, name, None).pcode):
            codes[f"{side}_locality_pcode"] = pcode
    return codes
