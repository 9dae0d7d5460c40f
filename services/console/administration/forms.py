"""Reads the form of an account: the values that an administrator typed, and the fields with wrong values."""

from collections.abc import Collection
from typing import Self
from uuid import UUID

from services.console.administration.telephones import is_telephone
from services.console.models import Account
from services.console.sign_in.accounts import AccountDetails
from shared.auth.tokens import Role
from shared.country import COUNTRY
from shared.pages.languages import LANGUAGES
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm, area_faults, is_line
from shared.places import Places

LONGEST_NAME = 100
LONGEST_TEXT = 150
LONGEST_TELEPHONE = 32
EMPTY = {"areas": [COUNTRY], "language": ["ky"]}


class AccountForm(TypedForm):
    @classmethod
    def of(cls, account: Account, telephone: str | None, places: Places) -> Self:
        choices = {COUNTRY, *(unit.pcode for unit in places.units(1))}
        return cls(
            {
                "organisation": [account.organisation or ""],
                "post": [account.post or ""],
                "telephone": [telephone or ""],
                "language": [account.language or ""],
                "roles": account.roles,
                "team": [str(account.team or "")],
                "areas": [area for area in account.areas if area in choices],
                "other-areas": [", ".join(area for area in account.areas if area not in choices)],
            }
        )

    @property
    def telephone(self) -> str | None:
        return self.value("telephone") or None

    def parsed(
        self, places: Places, teams: Collection[UUID], known: AccountDetails | None = None
    ) -> tuple[AccountDetails, list[Fault]]:
        """Returns the account's details, and the fields with wrong values.

        A stored account (`known`) keeps its sources, because the form has no field for sources. Without the role FIELD,
        a stored account also keeps its team.
        """
        wrong = list[Fault]()
        roles = frozenset(Role(code) for code in self.several("roles") if code in list(Role))
        if not roles:
            wrong.append(Fault("roles", N_("At least one role is expected.")))
        details = AccountDetails(
            roles=roles,
            areas=self._areas(places, wrong),
            sources=known.sources if known else (),
            team=self._team(teams, wrong) if Role.FIELD in roles else known.team if known else None,
            organisation=self._line("organisation", wrong),
            post=self._line("post", wrong),
            language=self._language(wrong),
        )
        if self.telephone and not is_telephone(self.telephone):
            expected = N_("A telephone number of at most %(most)s characters is expected: digits, spaces, +.")
            wrong.append(Fault("telephone", expected, {"most": LONGEST_TELEPHONE}))
        return details, wrong

    def name(self, wrong: list[Fault]) -> str:
        name = self.value("name")
        if not is_line(name, LONGEST_NAME):
            wrong.append(
                Fault("name", N_("A user name of at most %(most)s characters is expected."), {"most": LONGEST_NAME})
            )
        return name

    def _areas(self, places: Places, wrong: list[Fault]) -> tuple[str, ...]:
        areas = self.areas(places, wrong)
        if not areas and not wrong:
            wrong.append(Fault("areas", N_("At least one area is expected.")))
        wrong += area_faults(areas, places)
        return areas

    def _team(self, teams: Collection[UUID], wrong: list[Fault]) -> UUID | None:
        typed = self.value("team")
        team = next((team for team in teams if str(team) == typed), None)
        if typed and team is None:
            wrong.append(Fault("team", N_("A team of this list is expected.")))
        return team

    def _language(self, wrong: list[Fault]) -> str | None:
        typed = self.value("language")
        if typed and typed not in LANGUAGES:
            wrong.append(Fault("language", N_("A language of this list is expected.")))
        return typed or None

    def _line(self, name: str, wrong: list[Fault]) -> str | None:
        typed = self.value(name)
        if typed and not is_line(typed, LONGEST_TEXT):
            wrong.append(Fault(name, N_("At most %(most)s characters are expected."), {"most": LONGEST_TEXT}))
        return typed or None
