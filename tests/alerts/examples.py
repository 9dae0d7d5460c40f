"""Runs the examples that hypothesis generates, all with one database engine.

Tests with examples are not async, because hypothesis calls a test many times.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

Result = TypeVar("Result")


class Examples:
    def __init__(self, runner: asyncio.Runner, engine: AsyncEngine) -> None:
        self.runner, self.engine = runner, engine

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(coroutine)
