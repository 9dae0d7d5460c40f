"""Saves an account's filters of alerts, each under a name."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from services.console import filters
from services.console.queries import saved_filters
from services.console.state import console
from shared.auth import tokens
from shared.events.fields import Body
from shared.postgres.database import Session
from shared.web.problems import Problem

api = APIRouter()


class NamedFilter(Body):
    """`query` is the filter as in the address of the board."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
    query: Annotated[str, Field(max_length=3000)]


@api.put("/v1/filters", status_code=204)
async def save_filter(body: NamedFilter, request: Request, session: Session) -> None:
    """Save the filter, in place of the account's filter with the same name."""
    chosen = filters.of_query(body.query, console(request).places)
    if chosen.faults or not chosen.is_active or not body.name.isprintable():
        raise Problem(422, "bad-filter", "A filter with at least one part is expected, and only known codes.")
    if not await saved_filters.save(session, tokens.current(request).account, body.name, chosen.query):
        raise Problem(409, "too-many-filters", f"An account can save at most {saved_filters.MOST} filters.")


@api.delete("/v1/filters/{filter_id}", status_code=204)
async def remove_filter(filter_id: UUID, request: Request, session: Session) -> None:
    if not await saved_filters.remove(session, tokens.current(request).account, filter_id):
        raise Problem(404, "not-found", "The account has no such filter.")
