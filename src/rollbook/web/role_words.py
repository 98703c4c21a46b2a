"""What each role may and may not do, named here so that it is translated.

The sentences are those of `access/rules`; roles keep the names that the state gives them.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

ROLE_WORDS: Final = (
    _("See every student, roster, group and result of the state."),
    _("Set when results are loading, reviewing and released."),
    _("Give and end every role, everywhere."),
    _("Read the audit log and the state of the system."),
    _("Approve a certification that the same person submitted."),
    _("Change or delete an entry of the audit log."),
    _("See every student, roster, group and result of the district."),
    _("Load rosters and results of the district, and commit change plans."),
    _("Release the district's results after review."),
    _("Give and end roles inside the district, except State Admin."),
    _("Submit or approve the district's certifications."),
    _("See anything of another district."),
    _("See results that are still loading."),
    _("See every student, roster, group and released result of the school."),
    _("Make reports about the school."),
    _("Make accounts for teachers of the school."),
    _("Change a roster or a student group."),
    _("See summative results before the district releases them."),
    _("See a student's results at another school, unless the student came from there."),
    _("See the students and released results of the student groups assigned to the teacher."),
    _("Search a school's or a district's students."),
    _("See a student who is in none of the assigned groups."),
    _("Change anything but the teacher's own choices."),
    _("See every student and result of the school or district, also results under review."),
    _("Make, change and upload student groups."),
    _("Release results."),
    _("Change a roster."),
    _("Give roles."),
    _("See aggregate results while they are under review."),
    _("Release results, or put them back under review."),
    _("See one student's results."),
    _("Set results to loading."),
    _("See the students and findings that a certification is about."),
    _("Take snapshots and submit a certification."),
    _("Approve a certification."),
    _("Change the data that is certified."),
    _("Approve or discard a change plan that is on hold."),
    _("Approve or return a certification that somebody else submitted."),
    _("Write a change plan or submit a certification."),
    _("See results."),
    _("Send rosters, results and student groups, by a key or by hand."),
    _("See what became of what was sent."),
    _("Approve a change plan."),
)
