"""ROS-401 to ROS-418: the standard's rules across records. Delta files are not judged by them."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.checks.tables import JudgedBundle, JudgedTable
from rollbook.shared.findings import Severity

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_ROSTERING: Final = "OneRoster 1.2 rostering, CSV binding"
_GRADEBOOK: Final = "OneRoster 1.2 gradebook, CSV binding"
_RESOURCES: Final = "OneRoster 1.2 resources, CSV binding"


def _rule(  # noqa: PLR0917 # a table of checks reads best by position
    code: str, name: str, says: str, fix: str, why: str, source: str, to: Severity = _ERROR
) -> RosterCheck:
    return RosterCheck(code, name, to, says, fix, why, source, _WARNING if to is _ERROR else None)


SESSION_TYPE: Final = _rule(
    "ROS-401",
    "School year that is none",
    '{column} names "{value}", whose type is {type}, not schoolYear.',
    "Name a session of type schoolYear.",
    "A course belongs to a year; terms belong to its classes.",
    _ROSTERING,
)
LINE_ITEM_SESSION: Final = _rule(
    "ROS-402",
    "Line item in a whole school year",
    '{column} names "{value}", whose type is {type}.',
    "Name a grading period, semester or term.",
    "A line item is graded within a part of the year.",
    _GRADEBOOK,
)
ORG_TYPE: Final = _rule(
    "ROS-403",
    "School that is none",
    '{column} names "{value}", whose type is {type}, not school. Rows that name it: {count}.',
    "Name an organization of type school.",
    "Classes are held, and students enrolled, at schools.",
    _ROSTERING,
    _WARNING,
)
TWO_PRIMARY_ROLES: Final = _rule(
    "ROS-404",
    "Two primary roles at one organization",
    'User "{value}" has {count} primary roles at {org}.',
    "Make all but one of them secondary.",
    "One and only one role of a user at an organization is primary.",
    _ROSTERING,
)
NO_PRIMARY_ROLE: Final = _rule(
    "ROS-405",
    "No primary role at an organization",
    'User "{value}" has only secondary roles at {org}.',
    "Make one of them primary.",
    "One and only one role of a user at an organization is primary.",
    _ROSTERING,
    _INFO,
)
PRIMARY_ORG: Final = _rule(
    "ROS-406",
    "No role at the primary organization",
    'primaryOrgSourcedId names "{value}", where the user has no role.',
    "Add a row to roles.csv, or name an organization where the user has a role.",
    "The primary organization is one of those where the user has a role.",
    _ROSTERING,
)
PROFILE_OF_ANOTHER: Final = _rule(
    "ROS-407",
    "Profile of another user",
    'userProfileSourcedId names "{value}", which is the profile of another user.',
    "Name a profile of the same user.",
    "A profile holds its user's credentials.",
    _ROSTERING,
)
SCORE_RANGE: Final = _rule(
    "ROS-408",
    "Lowest score above the highest",
    'resultValueMin is "{value}", more than resultValueMax, {most}.',
    "Exchange the two.",
    "No score can lie between them.",
    _GRADEBOOK,
)
SCORE_LOW: Final = _rule(
    "ROS-409",
    "Score below the lowest",
    'score is "{value}", less than the line item allows, {bound}.',
    "Correct the score or the line item.",
    "The line item declares which scores are possible.",
    _GRADEBOOK,
)
SCORE_HIGH: Final = _rule(
    "ROS-410",
    "Score above the highest",
    'score is "{value}", more than the line item allows, {bound}.',
    "Correct the score or the line item.",
    "The line item declares which scores are possible.",
    _GRADEBOOK,
)
RESULT_CLASS: Final = _rule(
    "ROS-411",
    "Result in another class than its line item",
    'classSourcedId is "{value}"; the line item is of class {other}.',
    "Name the line item's class, or leave the cell empty.",
    "A result belongs to the class of its line item.",
    _GRADEBOOK,
)
RESULT_STUDENT: Final = _rule(
    "ROS-412",
    "Result of a student who is not in the class",
    'studentSourcedId names "{value}", who has no enrollment in the class {other}.',
    "Add the enrollment, or correct the student.",
    "Only who is in the class can have a result in it.",
    _GRADEBOOK,
)
OBJECTIVE_ID: Final = _rule(
    "ROS-414",
    "Learning objective of CASE without a UUID",
    'learningObjectiveId is "{value}", and its source is case.',
    "Write the UUID of the objective.",
    "CASE names every objective by a UUID.",
    _GRADEBOOK,
)
RESOURCE_ROLE: Final = _rule(
    "ROS-415",
    "Resource that is not for the user's role",
    'resourceSourcedId names "{value}", which is for {roles}; the user has none of these roles.',
    "Add the role to the resource, or remove the row.",
    "A resource lists the roles that it is meant for.",
    _RESOURCES,
)
RESOURCE_CLASS_ORG: Final = _rule(
    "ROS-416",
    "Resource at another school than its class",
    'orgSourcedId is "{value}"; the class is at {other}.',
    "Name the class's school, or leave the cell empty.",
    "The class decides the school.",
    _RESOURCES,
)
RESOURCE_USER: Final = _rule(
    "ROS-417",
    "Resource of a user who is not in the class",
    'userSourcedId names "{value}", who has no enrollment in the class {other}.',
    "Add the enrollment, or leave the class empty.",
    "A resource given in a class goes to those who are in it.",
    _RESOURCES,
)
SUBJECT_CODES: Final = _rule(
    "ROS-418",
    "Subjects without their codes",
    "{subjects} subjects stand beside {codes} subject codes ({value}).",
    "Give every subject its code, in the same order.",
    "The two lists pair up.",
    "OneRoster CSV binding, courses and classes",
    _WARNING,
)

RULE_CHECKS: Final = (
    SESSION_TYPE,
    LINE_ITEM_SESSION,
    ORG_TYPE,
    TWO_PRIMARY_ROLES,
    NO_PRIMARY_ROLE,
    PRIMARY_ORG,
    PROFILE_OF_ANOTHER,
    SCORE_RANGE,
    SCORE_LOW,
    SCORE_HIGH,
    RESULT_CLASS,
    RESULT_STUDENT,
    OBJECTIVE_ID,
    RESOURCE_ROLE,
    RESOURCE_CLASS_ORG,
    RESOURCE_USER,
    SUBJECT_CODES,
)

_UUID: Final = (
    r"^(urn:uuid:)?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
)


def check_rules(bundle: JudgedBundle, ledger: Ledger) -> None:
    """Find the records that exist, fit, and contradict each other."""
    _check_session_types(bundle, ledger)
    for file in ("classes", "enrollments", "lineItems"):
        _check_school(bundle, file, ledger)
    for file in ("courses", "classes"):
        _check_subjects(bundle, file, ledger)
    _check_roles(bundle, ledger)
    _check_gradebook(bundle, ledger)
    _check_resources(bundle, ledger)
    for name, table in bundle.tables.items():
        table.leave_out(ledger.lines_left_out(name)["_line"])


def _whole(bundle: JudgedBundle, *files: str) -> list[JudgedTable] | None:
    """Return these files, None unless all of them came as whole sets."""
    return [bundle.tables[file] for file in files] if bundle.is_whole(*files) else None


def _check_session_types(bundle: JudgedBundle, ledger: Ledger) -> None:
    is_old = bundle.version == "1.1"  # whose text asks for it, and whose conformance test does not
    for file, column, check in (
        ("courses", "schoolYearSourcedId", SESSION_TYPE),
        ("lineItems", "academicSessionSourcedId", LINE_ITEM_SESSION),
    ):
        whole = _whole(bundle, file, "academicSessions")
        if whole is None or whole[0].layout.find(column) is None:
            continue
        table, sessions = whole
        rows = table.current(column, f"_at_{column}")
        rows = rows.with_columns(type=sessions.at(rows[f"_at_{column}"], "type"))
        kind = pl.col("type")
        if check is SESSION_TYPE:
            wrong = (kind != "schoolYear") & ~kind.str.starts_with("ext:")
        else:
            wrong = kind == "schoolYear"
        found = rows.filter(wrong).select("_line", "type", value=column)
        severity = _WARNING if is_old else None
        ledger.add_rows(check, file, found, column=column, severity=severity)


def _check_school(bundle: JudgedBundle, file: str, ledger: Ledger) -> None:
    whole = _whole(bundle, file, "orgs")
    if whole is None or whole[0].layout.find("schoolSourcedId") is None:
        return
    table, orgs = whole
    rows = table.current("_at_schoolSourcedId")
    used = rows.group_by("_at_schoolSourcedId").agg(pl.col("_line").min(), weight=pl.len())
    used = used.with_columns(
        type=orgs.at(used["_at_schoolSourcedId"], "type"),
        value=orgs.at(used["_at_schoolSourcedId"], "sourcedId"),
    )
    kind = pl.col("type")
    wrong = used.filter((kind != "school") & ~kind.str.starts_with("ext:")).sort("_line")
    groups = wrong.select("_line", "value", "type", "weight", count="weight")
    ledger.add_groups(ORG_TYPE, file, groups, column="schoolSourcedId")


def _check_subjects(bundle: JudgedBundle, file: str, ledger: Ledger) -> None:
    table = bundle.get(file)
    if table is None:
        return
    rows = table.current("subjects", "subjectCodes").drop_nulls(["subjects", "subjectCodes"])
    subjects, codes = pl.col("subjects").list.len(), pl.col("subjectCodes").list.len()
    wrong = rows.filter(subjects != codes)
    found = wrong.select(
        "_line", value=pl.col("subjects").list.join(","), subjects=subjects, codes=codes
    )
    ledger.add_rows(SUBJECT_CODES, file, found, column="subjectCodes")


def _check_roles(bundle: JudgedBundle, ledger: Ledger) -> None:
    whole = _whole(bundle, "roles")
    if whole is None:
        return
    (roles,) = whole
    rows = roles.current(
        "userSourcedId", "orgSourcedId", "roleType", "userProfileSourcedId",
        "_at_userSourcedId", "_at_orgSourcedId", "_at_userProfileSourcedId",
    )  # fmt: skip
    _check_primary_roles(rows, ledger)
    _check_profiles(bundle, rows, ledger)
    users = bundle.get("users")
    if users is not None and users.mode is roles.mode:
        held = pl.DataFrame([roles.column("userSourcedId"), roles.column("orgSourcedId")])
        _check_primary_orgs(users, held, ledger)


def _has_one_primary_each(rows: pl.DataFrame) -> bool:
    """Tell at once whether every user has one primary role at each organization, as most have."""
    places = rows.select(
        pair=pl.col("_at_userSourcedId").cast(pl.UInt64) * (2**32) + pl.col("_at_orgSourcedId"),
        is_primary=pl.col("roleType") == "primary",
    )
    if places["pair"].null_count():
        return False
    primary = places.filter("is_primary")["pair"]
    return primary.n_unique() == primary.len() == places["pair"].n_unique()


def _check_primary_roles(rows: pl.DataFrame, ledger: Ledger) -> None:
    if _has_one_primary_each(rows):
        return
    pair = ["userSourcedId", "orgSourcedId"]
    primary = pl.col("roleType") == "primary"
    counted = rows.with_columns(
        count=primary.sum().over(pair), nth=primary.cum_sum().over(pair)
    ).with_columns(org="orgSourcedId", value="userSourcedId")
    second = counted.filter(primary & (pl.col("nth") > 1))
    found = second.select("_line", "value", "count", "org")
    ledger.add_rows(TWO_PRIMARY_ROLES, "roles", found, column="roleType")
    none = counted.filter(pl.col("count") == 0).unique(pair, keep="first", maintain_order=True)
    ledger.add_rows(
        NO_PRIMARY_ROLE, "roles", none.select("_line", "value", "org"), column="roleType"
    )


def _check_profiles(bundle: JudgedBundle, rows: pl.DataFrame, ledger: Ledger) -> None:
    profiles = bundle.get("userProfiles")
    if profiles is None:
        return
    owner = profiles.at(rows["_at_userProfileSourcedId"], "userSourcedId")
    wrong = rows.filter((owner != rows["userSourcedId"]).fill_null(False))
    found = wrong.select("_line", value="userProfileSourcedId")
    ledger.add_rows(PROFILE_OF_ANOTHER, "roles", found, column="userProfileSourcedId")


def _check_primary_orgs(users: JudgedTable, roles: pl.DataFrame, ledger: Ledger) -> None:
    rows = users.current("sourcedId", "primaryOrgSourcedId").drop_nulls("primaryOrgSourcedId")
    without = rows.join(
        roles,
        left_on=["sourcedId", "primaryOrgSourcedId"],
        right_on=["userSourcedId", "orgSourcedId"],
        how="anti",
        maintain_order="left",
    )
    found = without.select("_line", value="primaryOrgSourcedId")
    ledger.add_rows(PRIMARY_ORG, "users", found, column="primaryOrgSourcedId")


def _check_gradebook(bundle: JudgedBundle, ledger: Ledger) -> None:
    if bundle.is_whole("lineItems"):
        _check_score_ranges(bundle.tables["lineItems"], ledger)
    if bundle.is_whole("lineItems", "results"):
        _check_results(bundle, ledger)
    for file in ("lineItemLearningObjectiveIds", "resultLearningObjectiveIds"):
        if bundle.is_whole(file):
            rows = bundle.tables[file].current("source", "learningObjectiveId")
            objective = pl.col("learningObjectiveId")
            wrong = rows.filter((pl.col("source") == "case") & ~objective.str.contains(_UUID))
            found = wrong.select("_line", value=objective)
            ledger.add_rows(OBJECTIVE_ID, file, found, column="learningObjectiveId")


def _check_score_ranges(line_items: JudgedTable, ledger: Ledger) -> None:
    rows = line_items.current("resultValueMin", "resultValueMax")
    wrong = rows.filter(pl.col("resultValueMin") > pl.col("resultValueMax"))
    found = wrong.select("_line", value="resultValueMin", most="resultValueMax")
    ledger.add_rows(SCORE_RANGE, "lineItems", found, column="resultValueMin")


def _check_results(bundle: JudgedBundle, ledger: Ledger) -> None:
    items = bundle.tables["lineItems"]
    results = bundle.tables["results"]
    rows = results.current(
        "score", "classSourcedId", "studentSourcedId", "_at_lineItemSourcedId",
        "_at_studentSourcedId",
    )  # fmt: skip
    at = rows["_at_lineItemSourcedId"]
    rows = rows.with_columns(
        low=items.at(at, "resultValueMin"),
        high=items.at(at, "resultValueMax"),
        other=items.at(at, "classSourcedId"),
        at_class=items.at(at, "_at_classSourcedId"),
    )
    score, is_range = pl.col("score"), ~(pl.col("low") > pl.col("high")).fill_null(False)
    low = rows.filter(is_range & (score < pl.col("low")))
    ledger.add_rows(
        SCORE_LOW, "results", low.select("_line", value="score", bound="low"), column="score"
    )
    high = rows.filter(is_range & (score > pl.col("high")))
    ledger.add_rows(
        SCORE_HIGH, "results", high.select("_line", value="score", bound="high"), column="score"
    )
    moved = rows.filter(pl.col("classSourcedId") != pl.col("other"))
    found = moved.select("_line", "other", value="classSourcedId")
    ledger.add_rows(RESULT_CLASS, "results", found, column="classSourcedId")
    stay = rows.filter(~(pl.col("classSourcedId") != pl.col("other")).fill_null(False))
    strangers = _not_enrolled(bundle, stay, "_at_studentSourcedId", "at_class")
    found = strangers.select("_line", "other", value="studentSourcedId")
    ledger.add_rows(RESULT_STUDENT, "results", found, column="studentSourcedId")


def _not_enrolled(
    bundle: JudgedBundle, rows: pl.DataFrame, user: str, at_class: str
) -> pl.DataFrame:
    """Pick the rows whose user has no enrollment in their class, if enrollments can tell."""
    if not bundle.is_whole("enrollments"):
        return rows.clear()
    enrollments = bundle.tables["enrollments"]  # also those left out: they have their own finding
    enrolled = pl.DataFrame(
        [enrollments.column("_at_userSourcedId"), enrollments.column("_at_classSourcedId")]
    )
    return rows.drop_nulls([user, at_class]).join(
        enrolled,
        left_on=[user, at_class],
        right_on=["_at_userSourcedId", "_at_classSourcedId"],
        how="anti",
        maintain_order="left",
    )


def _check_resources(bundle: JudgedBundle, ledger: Ledger) -> None:
    whole = _whole(bundle, "userResources")
    if whole is None:
        return
    rows = whole[0].current(
        "userSourcedId", "orgSourcedId", "classSourcedId", "resourceSourcedId",
        "_at_userSourcedId", "_at_classSourcedId", "_at_resourceSourcedId",
    )  # fmt: skip
    classes = bundle.get("classes")
    if classes is not None:
        school = classes.at(rows["_at_classSourcedId"], "schoolSourcedId").alias("other")
        wrong = rows.with_columns(school).filter(pl.col("orgSourcedId") != pl.col("other"))
        found = wrong.select("_line", "other", value="orgSourcedId")
        ledger.add_rows(RESOURCE_CLASS_ORG, "userResources", found, column="orgSourcedId")
    strangers = _not_enrolled(bundle, rows, "_at_userSourcedId", "_at_classSourcedId")
    found = strangers.select("_line", value="userSourcedId", other="classSourcedId")
    ledger.add_rows(RESOURCE_USER, "userResources", found, column="userSourcedId")
    if bundle.is_whole("resources", "roles"):
        _check_resource_roles(bundle, rows, ledger)


def _check_resource_roles(bundle: JudgedBundle, rows: pl.DataFrame, ledger: Ledger) -> None:
    resources, roles = bundle.tables["resources"], bundle.tables["roles"]
    meant = rows.with_columns(
        meant=resources.at(rows["_at_resourceSourcedId"], "roles")
    ).drop_nulls("meant")
    held = roles.current("userSourcedId", "role").with_columns(
        pl.col("role").replace(_ADMINISTRATORS)
    )
    if (enrollments := bundle.get("enrollments")) is not None:
        held = pl.concat([held, enrollments.current("userSourcedId", "role")])
    by_user = held.group_by("userSourcedId").agg(held="role")
    both = meant.join(by_user, on="userSourcedId", how="inner", maintain_order="left")
    wrong = both.filter(pl.col("meant").list.set_intersection("held").list.len() == 0)
    found = wrong.select("_line", value="resourceSourcedId", roles=pl.col("meant").list.join(", "))
    ledger.add_rows(RESOURCE_ROLE, "userResources", found, column="resourceSourcedId")


# Resources still speak of the administrators of 1.1.
_ADMINISTRATORS: Final = {
    "districtAdministrator": "administrator",
    "siteAdministrator": "administrator",
    "systemAdministrator": "administrator",
    "principal": "administrator",
}
