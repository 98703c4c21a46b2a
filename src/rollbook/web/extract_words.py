"""Words of group extracts, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollbook.extracts.types import DeliveryStatus, LeftOut, ProfileKind, SubjectArea, TargetKind

KINDS: Final[Mapping[ProfileKind, Promise]] = {
    ProfileKind.SECONDARY_CLASSES: _("Secondary Master Schedule Classes"),
    ProfileKind.ELEMENTARY_TEACHERS: _("Elementary Teachers"),
    ProfileKind.ELEMENTARY_GRADES: _("Elementary Grade Level"),
    ProfileKind.COUNSELOR: _("Counselor"),
    ProfileKind.STUDENT_GROUP: _("Student Group"),
}
KIND_HINTS: Final[Mapping[ProfileKind, Promise]] = {
    ProfileKind.SECONDARY_CLASSES: _("One group for each class, for its teachers."),
    ProfileKind.ELEMENTARY_TEACHERS: _("One group for each teacher's homeroom."),
    ProfileKind.ELEMENTARY_GRADES: _("One group for each grade of a school."),
    ProfileKind.COUNSELOR: _("One group for each counselor's students."),
    ProfileKind.STUDENT_GROUP: _("The groups of Rollbook that you choose."),
}
AREAS: Final[Mapping[SubjectArea, Promise]] = {
    SubjectArea.ELA: _("English language arts (ELA)"),
    SubjectArea.MATH: _("Mathematics (Math)"),
    SubjectArea.ALL: _("All subjects"),
}
LEFT_OUT: Final[Mapping[LeftOut, Promise]] = {
    LeftOut.WRONG_YEAR: _("The profile is of another school year"),
    LeftOut.NO_SCHOOL_ID: _("The school has no state id"),
    LeftOut.NOT_ENROLLED: _("Not enrolled at the school on that day"),
    LeftOut.NO_SSID: _("Has no state student id"),
    LeftOut.NO_CLASS: _("Is in no class at this school"),
    LeftOut.TERM_ENDED: _("Only in classes whose term has ended or not begun"),
    LeftOut.NOT_PRIMARY: _("Is in no primary class"),
    LeftOut.DEPARTMENT: _("No class of a chosen department"),
    LeftOut.SUBJECT_AREA: _("No class of a chosen subject area"),
    LeftOut.COURSE: _("No class of a chosen course"),
    LeftOut.NO_TEACHER: _("The classes have no teacher on that day"),
    LeftOut.TEACHER: _("Not taught by a chosen teacher"),
    LeftOut.GRADE: _("Not in a chosen grade"),
    LeftOut.NO_COUNSELOR: _("Has no counselor"),
    LeftOut.COUNSELOR: _("Counseled by nobody who was chosen"),
    LeftOut.NOT_IN_GROUP: _("In none of the chosen groups"),
    LeftOut.NO_USER: _("Nobody with an e-mail address would see the group"),
    LeftOut.OVERLAP: _("Another profile writes the same group"),
}
TARGETS: Final[Mapping[TargetKind, tuple[Promise, Promise]]] = {
    TargetKind.IMPORT_API: (
        _("Import service"),
        _("The state's reporting system, or another Rollbook, by its import API."),
    ),
    TargetKind.SFTP: (_("SFTP server"), _("A folder on a server that is signed in to.")),
    TargetKind.S3: (_("S3 bucket"), _("Object storage that speaks the S3 protocol.")),
    TargetKind.ROLLBOOK: (
        _("Rollbook itself"),
        _("The student groups of this installation, so that teachers here see the same groups."),
    ),
}
STATUSES: Final[Mapping[DeliveryStatus, tuple[str, Promise]]] = {
    DeliveryStatus.WAITING: ("plain", _("Waits to be sent")),
    DeliveryStatus.SENT: ("plain", _("Sent; the other side works on it")),
    DeliveryStatus.DONE: ("done", _("Taken")),
    DeliveryStatus.REFUSED: ("hold", _("Refused")),
    DeliveryStatus.FAILED: ("hold", _("Did not arrive")),
}
