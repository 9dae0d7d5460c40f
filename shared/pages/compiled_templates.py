"""Caches compiled templates in memory. Compiling a template takes as long as a hundred renderings."""

from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, pass_context
from jinja2.bccache import Bucket

Filter = Callable[..., Any]


class CompiledTemplates(BytecodeCache):
    """The cache of compiled templates, for all apps of the process and all languages."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


def at_rendering(filters: Mapping[str, Filter]) -> dict[str, Filter]:
    """Marks the filters, so that Jinja applies them when it renders a template.

    Jinja applies unmarked filters to constants when it compiles a template. The constants would then be in one
    language, although all languages share the compiled template.
    """
    return {name: _at_rendering(function) for name, function in filters.items()}


def _at_rendering(function: Filter) -> Filter:
    @pass_context
    def applied(_context: object, *values: Any, **named: Any) -> Any:
        return function(*values, **named)

    return applied
