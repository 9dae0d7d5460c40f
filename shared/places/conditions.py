"""SQL conditions about P-codes, with the same results as `Places`."""

from shared.places.places import DIGITS


def is_within(pcode: str, units: str) -> str:
    """The SQL condition that a P-code is one of the units, or is not in `known` and lies in one of the units.

    If `units` is NULL, every P-code fulfils the condition. The district or oblast of an unknown P-code is derived from
    its digits, as in `Places.ancestors`.
    """
    district, oblast = (f"rpad(left({pcode}, {DIGITS[level]}), 13, '0')" for level in (2, 1))
    return f"""(
        CAST(:{units} AS text[]) IS NULL OR {pcode} = ANY(CAST(:{units} AS text[]))
        OR CASE WHEN {pcode} = ANY(CAST(:known AS text[])) THEN false
            WHEN {district} = ANY(CAST(:known AS text[])) THEN {district} = ANY(CAST(:{units} AS text[]))
            ELSE {oblast} = ANY(CAST(:{units} AS text[])) END
    )"""
