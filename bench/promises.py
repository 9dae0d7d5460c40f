"""Prints each measured value beside the promised value, and remembers which promises were missed."""

from collections.abc import Sequence


class Promises:
    def __init__(self) -> None:
        self.missed: list[str] = []

    def at_most(self, name: str, measured: float, promised: float, unit: str, more: str = "") -> None:
        self._print(name, measured, f"at most {promised:g} {unit}", more, is_kept=measured <= promised)

    def at_least(self, name: str, measured: float, promised: float, unit: str = "", more: str = "") -> None:
        self._print(name, measured, f"at least {promised:g} {unit}".strip(), more, is_kept=measured >= promised)

    def _print(self, name: str, measured: float, promised: str, more: str, *, is_kept: bool) -> None:
        if not is_kept:
            self.missed.append(name)
        print(
            f"{name:<34}{measured:9.2f}   promised {promised:<16}{'kept  ' if is_kept else 'MISSED'}   {more}",
            flush=True,
        )


def percentile(values: Sequence[float], share: float) -> float:
    """A percentile between two values is interpolated.

    Example: without interpolation, the 99th percentile of 100 values would be their maximum.
    """
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below, part = int(position), position % 1
    # a value may be infinite, and infinity times zero is not a number
    return ordered[below] * (1 - part) + ordered[below + 1] * part if part else ordered[below]
