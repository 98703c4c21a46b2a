"""The words of the columns that plans write, in the reader's language; `|word` knows them too."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COLUMN_WORDS: Final[dict[str, Promise]] = {
    # where a record is from, and when it counts
    "source": _("Source"),
    "sourced_id": _("Id in the source"),
    "is_active": _("Active"),
    "is_primary": _("Primary"),
    "starts_on": _("From"),
    "begins_on": _("From"),
    "ends_before": _("Until before"),
    "school_year": _("School year"),
    "reason": _("Reason"),
    # what it belongs to
    "district_id": _("District"),
    "school_id": _("School"),
    "organization_id": _("Organization"),
    "parent_id": _("Under"),
    "student_id": _("Student"),
    "staff_id": _("Staff member"),
    "course_id": _("Course"),
    "class_taught_id": _("Class"),
    "merged_into_id": _("Merged into"),
    "role": _("Role"),
    # people
    "ssid": _("SSID"),
    "local_id": _("Local id"),
    "last_name": _("Last name"),
    "first_name": _("First name"),
    "middle_name": _("Middle name"),
    "preferred_first_name": _("Preferred first name"),
    "counselor": _("Counselor"),
    "department": _("Department"),
    "username": _("Username"),
    "email": _("E-mail"),
    "grade": _("Grade"),
    "birth_date": _("Birth date"),
    "sex": _("Sex"),
    "hispanic": _("Hispanic or Latino"),
    "american_indian": _("American Indian or Alaska Native"),
    "asian": _("Asian"),
    "black": _("Black or African American"),
    "pacific_islander": _("Native Hawaiian or Pacific Islander"),
    "white": _("White"),
    "two_or_more_races": _("Two or more races"),
    "filipino": _("Filipino"),
    "iep": _("IEP"),
    "limited_english": _("Limited English proficiency"),
    "english_acquisition": _("English language acquisition"),
    "section_504": _("Section 504"),
    "economic_disadvantage": _("Economic disadvantage"),
    "migrant": _("Migrant"),
    "military_connected": _("Military connected"),
    "language_code": _("Language code"),
    # schools, terms, courses and classes
    "name": _("Name"),
    "natural_id": _("State id"),
    "nces_id": _("NCES id"),
    "kind": _("Kind"),
    "received_type": _("Type, as received"),
    "received_parent": _("Above it, as received"),
    "title": _("Title"),
    "course_code": _("Course code"),
    "class_code": _("Class code"),
    "location": _("Location"),
    "periods": _("Periods"),
    "grades": _("Grades"),
    "subjects": _("Subjects"),
    "subject_codes": _("Subject codes"),
    "school_year_sourced_id": _("School year in the source"),
    "term_sourced_ids": _("Terms in the source"),
}
