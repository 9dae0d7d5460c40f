"""The words that pages show for the fields of reports on households."""

from collections.abc import Mapping

from shared.events.vocabulary import LegalBasis, Sex
from shared.pages.terms.translatable import N_

TERMS: Mapping[str, Mapping[str, str]] = {
    "sex_of_person": {Sex.FEMALE: N_("Woman"), Sex.MALE: N_("Man"), Sex.UNKNOWN: N_("Not known")},
    "legal_basis": {
        LegalBasis.CONSENT: N_("Consent"),
        LegalBasis.VITAL_INTEREST: N_("Vital interest"),
        LegalBasis.LEGAL_DUTY: N_("Legal duty"),
        LegalBasis.UNKNOWN: N_("Not known"),
    },
    "duplicate_reason": {
        "personal_number": N_("the same personal number"),
        "phone_and_name": N_("the same telephone and name"),
        "name_year_and_village": N_("the same name, year of birth and place"),
    },
    "household_field": {
        "birth_date": N_("Born"),
        "birth_year": N_("Born"),
        "citizenship": N_("Citizenship"),
        "destination": N_("Where they are now"),
        "destination_locality": N_("Village or site now"),
        "destination_point": N_("Point now"),
        "disabilities": N_("Disabilities"),
        "family_name": N_("Family name"),
        "given_name": N_("Given name"),
        "hazard_id": N_("Linked hazard"),
        "hazard_type": N_("Hazard"),
        "intention": N_("Intention"),
        "is_displaced": N_("Displaced"),
        "is_pregnant": N_("Pregnant"),
        "is_reversed": N_("Reversed"),
        "is_whole_household": N_("Whole household"),
        "legal_basis": N_("Legal basis"),
        "member_ids": N_("Members who moved"),
        "members": N_("Member"),
        "mobility": N_("Kind of move"),
        "movement": N_("Movement"),
        "needs": N_("Needs"),
        "notes": N_("Notes"),
        "occurred_at": N_("When"),
        "occurred_at_precision": N_("Precision of the date"),
        "origin": N_("Where they come from"),
        "origin_locality": N_("Village of origin"),
        "origin_point": N_("Point of origin"),
        "patronymic": N_("Patronymic"),
        "personal_number": N_("Personal number"),
        "persons": N_("Number of persons"),
        "phone": N_("Telephone"),
        "reason_text": N_("Reason in words"),
        "reasons": N_("Reasons"),
        "relationship": N_("Relationship"),
        "sex": N_("Sex"),
        "sex_age": N_("Persons by sex and age"),
        "sharing": N_("Consent to sharing"),
        "shelter": N_("Where they sleep"),
        "status": N_("Status"),
    },
}
