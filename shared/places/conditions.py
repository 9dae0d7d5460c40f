"""SQL conditions about P-codes, with the same results as `Places`."""

from shared.places.places import DIGITS


def is_within(pcode: str, units: str) -> str:
    """True if the P-code is one of the units, or lies in one of them.

    If the P-code is not in `known`, its digits show its district and oblast, as in `Places.ancestors`. If `units` is
    NULL, the condition is always true.
    """
    district, oblast = (f"rpad(left({pcode}, {DIGITS[level]}), 13, '0')" for level in (2, 1))
    return f"""(
        CAST(:{units} AS text[]) IS NULL OR {pcode} = ANY(CAST(:{units} AS text[]))
        OR CASE WHEN {pcode} = ANY(CAST(:known AS text[])) THEN false
            WHEN {district} = ANY(CAST(:known AS text[])) THEN {district} = ANY(CAST(:{units} AS text[]))
            ELSE {oblast} = ANY(CAST(:{units} AS text[])) END
    )"""
