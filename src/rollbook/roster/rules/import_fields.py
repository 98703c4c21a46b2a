"""What a flat file can say of a student: the import fields, and the headers that mean them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FieldKind(StrEnum):
    """Name what the cells of an import field hold."""

    ID = "id"
    TEXT = "text"
    GRADE = "grade"
    DATE = "date"
    SEX = "sex"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class ImportField:
    """Describe one thing that a flat file can say.

    Shape: `about` is whom or what it is said of: student, school, class, teacher or term;
           `synonyms` are headers that mean it, folded as `folded_header` does.
    """

    name: str
    label: str
    about: str
    kind: FieldKind
    synonyms: tuple[str, ...]


_FOLDED: Final = re.compile(r"[\W_]+")


def folded_header(name: str) -> str:
    """Fold a header so that case, spaces, underscores and punctuation make no difference."""
    return _FOLDED.sub("", name.casefold())


def _field(name: str, label: str, about: str, kind: FieldKind, synonyms: str) -> ImportField:
    own = (folded_header(name), folded_header(label), *synonyms.split())
    return ImportField(name, label, about, kind, tuple(dict.fromkeys(own)))


_ID, _TEXT, _DATE, _FLAG = FieldKind.ID, FieldKind.TEXT, FieldKind.DATE, FieldKind.FLAG

# Source: the headers that districts send, gathered in reference, rostering 6.3 and Clever's own.
IMPORT_FIELDS: Final[tuple[ImportField, ...]] = (
    _field(
        "ssid",
        "State student ID",
        "student",
        _ID,
        "stateid stateidentifier statestudentidentifier statestudentnumber studentstateid"
        " calpads calpadsid statenumber studentstateidentifier statewidestudentidentifier sasid"
        " stateassignedid studentssid",
    ),
    _field(
        "local_id",
        "Local student ID",
        "student",
        _ID,
        "localid studentid studentnumber stuid stuno stunum sisid sisuserid studentnum studentno"
        " localstudentnumber permid permanentid permanentnumber districtstudentid studentlocalid"
        " lunchnumber pupilid pupilnumber identifier sourcedid personid id",
    ),
    _field(
        "first_name",
        "First name",
        "student",
        _TEXT,
        "first fname givenname studentfirstname studentfirst stufirst legalfirstname firstnm",
    ),
    _field(
        "middle_name",
        "Middle name",
        "student",
        _TEXT,
        "middle mname middleinitial mi studentmiddlename studentmiddle legalmiddlename",
    ),
    _field(
        "last_name",
        "Last name",
        "student",
        _TEXT,
        "last lname surname familyname studentlastname studentlast stulast legallastname lastnm",
    ),
    _field(
        "full_name",
        "Full name (Last, First)",
        "student",
        _TEXT,
        "name fullname studentname student pupilname lastfirst lastnamefirstname",
    ),
    _field(
        "preferred_name",
        "Preferred first name",
        "student",
        _TEXT,
        "preferredname nickname goesby preferredfirst chosenname calledname",
    ),
    _field(
        "grade",
        "Grade",
        "student",
        FieldKind.GRADE,
        "gradelevel gr grd grades studentgrade currentgrade gradelvl enrolledgrade yearlevel",
    ),
    _field(
        "birth_date",
        "Birth date",
        "student",
        _DATE,
        "dob birthdate dateofbirth birthday bdate studentdob studentbirthdate born",
    ),
    _field("sex", "Sex", "student", FieldKind.SEX, "gender studentgender studentsex sexcode"),
    _field(
        "email",
        "E-mail",
        "student",
        _TEXT,
        "emailaddress studentemail studentemailaddress mail emailid schoolemail",
    ),
    _field(
        "username",
        "Username",
        "student",
        _TEXT,
        "login loginid userid user studentusername studentlogin networkid accountname",
    ),
    _field(
        "hispanic", "Hispanic or Latino", "student", _FLAG, "hispaniclatino hispanicyn hispanicind"
    ),
    _field(
        "enrolled_on",
        "Enrolled on",
        "student",
        _DATE,
        "enrollmentdate enrolldate entrydate startdate enrollmentstartdate entereddate admitdate",
    ),
    _field(
        "left_on",
        "Last day",
        "student",
        _DATE,
        "exitdate withdrawaldate enrollmentenddate enddate leavedate withdrawdate",
    ),
    _field(
        "school_number",
        "School number",
        "school",
        _ID,
        "schoolid schoolcode schoolnum schoolno sch schid schno schoolstateid campusid campuscode"
        " buildingcode buildingid buildingnumber cdscode locationcode siteid sitecode",
    ),
    _field(
        "school_name",
        "School name",
        "school",
        _TEXT,
        "school campus campusname building buildingname schoolnm sitename site location",
    ),
    _field(
        "district_number",
        "District number",
        "school",
        _ID,
        "districtid districtcode leaid leacode districtno",
    ),
    _field("district_name", "District name", "school", _TEXT, "district lea leaname"),
    _field(
        "class_id",
        "Class ID",
        "class",
        _ID,
        "sectionid classcode sectionnumber sectioncode section sectionno classnumber"
        " classsectionid coursesectionid crn classsourcedid",
    ),
    _field(
        "class_name",
        "Class name",
        "class",
        _TEXT,
        "class classtitle sectionname sectiontitle homeroom homeroomname group groupname",
    ),
    _field("period", "Period", "class", _TEXT, "per classperiod block periodnumber prd hour"),
    _field(
        "course_number",
        "Course number",
        "class",
        _ID,
        "courseid coursecode coursenum courseno crsid crsno",
    ),
    _field(
        "course_name",
        "Course name",
        "class",
        _TEXT,
        "course coursetitle coursedescription crsname subjectname",
    ),
    _field("subject", "Subject", "class", _TEXT, "subjectarea department"),
    _field(
        "teacher_id",
        "Teacher ID",
        "teacher",
        _ID,
        "teachernumber staffid teacherno staffnumber instructorid teacherlocalid employeeid",
    ),
    _field(
        "teacher_first_name",
        "Teacher first name",
        "teacher",
        _TEXT,
        "teacherfirst instructorfirstname stafffirstname teacherfname",
    ),
    _field(
        "teacher_last_name",
        "Teacher last name",
        "teacher",
        _TEXT,
        "teacherlast instructorlastname stafflastname teacherlname",
    ),
    _field(
        "teacher_name",
        "Teacher name (Last, First)",
        "teacher",
        _TEXT,
        "teacher instructor instructorname staffname teacherfullname homeroomteacher",
    ),
    _field(
        "teacher_email",
        "Teacher e-mail",
        "teacher",
        _TEXT,
        "teacheremailaddress instructoremail staffemail",
    ),
    _field("term_name", "Term", "term", _TEXT, "semester termcode marking session trimester"),
    _field("term_starts_on", "Term starts on", "term", _DATE, "termstart termstartdate"),
    _field("term_ends_on", "Term ends on", "term", _DATE, "termend termenddate"),
    _field(
        "school_year",
        "School year (the year it ends in)",
        "term",
        _TEXT,
        "schoolyear year sy academicyear yearend",
    ),
)

FIELDS: Final = {field.name: field for field in IMPORT_FIELDS}
ID_FIELDS: Final = tuple(field.name for field in IMPORT_FIELDS if field.kind is FieldKind.ID)
DATE_FIELDS: Final = tuple(field.name for field in IMPORT_FIELDS if field.kind is FieldKind.DATE)

# Of each of these at least one must be fed: by a column, or by a default.
NEEDED: Final[tuple[tuple[str, ...], ...]] = (
    ("local_id", "ssid"),
    ("last_name", "full_name"),
    ("first_name", "full_name"),
    ("school_number", "school_name"),
)
# What a person may say once for all rows.
DEFAULTABLE: Final = (
    "grade",
    "school_number",
    "school_name",
    "district_number",
    "district_name",
    "course_name",
    "subject",
    "term_name",
    "term_starts_on",
    "term_ends_on",
    "school_year",
)
