"""Every check on results, once."""

from __future__ import annotations

from typing import Final

from rollbook.shared.findings import Check, Severity

_TRT: Final = "Test Results Transmission format"
_WARNING: Final = Severity.WARNING


def _check(
    code: str,
    name: str,
    says: str,
    fix: str,
    why: str,
    *,
    severity: Severity = Severity.ERROR,
    source: str = _TRT,
) -> Check:
    return Check(code, name, severity, says, fix, why, source)


NOT_RESULTS: Final = _check(
    "RES-101",
    "not a result file",
    '{file} holds "{value}" where test results are expected.',
    "Send XML documents that start with TDSReport, a results.csv, or a zip of either.",
    "Nothing can be read from a file of another kind.",
    severity=Severity.FATAL,
)
ELEMENT_MISSING: Final = _check(
    "RES-102",
    "element is missing",
    "{file} has no {column} element.",
    "Send the whole document as the test delivery system wrote it.",
    "A result needs its test, its student and its opportunity.",
)
COLUMNS_MISSING: Final = _check(
    "RES-103",
    "required columns are missing",
    "{file} lacks the columns {missing}.",
    "Add the columns; their order does not matter.",
    "Without them a result cannot be placed.",
    severity=Severity.FATAL,
    source="Rollbook results CSV",
)
COLUMN_UNKNOWN: Final = _check(
    "RES-104",
    "column is not known",
    'Column "{column}" of {file} is not one Rollbook reads; it was left out.',
    "Rename it, or remove it to be rid of this message.",
    "A misspelled optional column would be lost without a word.",
    severity=_WARNING,
    source="Rollbook results CSV",
)
FILE_UNKNOWN: Final = _check(
    "RES-105",
    "file in the zip is not known",
    '"{value}" in {file} is not a result file; it was left out.',
    "Name the files results.csv, scores.csv and items.csv, or send XML documents.",
    "A misnamed file would be lost without a word.",
    severity=_WARNING,
    source="Rollbook results CSV",
)
NOTHING_FOUND: Final = _check(
    "RES-106",
    "no results",
    "{file} holds no results.",
    "Check that the right file was chosen.",
    "An empty intake is more often a mistake than a wish.",
)
DEMO_STUDENT: Final = _check(
    "RES-107",
    "demonstration student",
    "This result belongs to a demonstration student.",
    "Leave results of demonstration students out.",
    "Trial results must not be counted.",
)

OTHER_SEPARATOR: Final = _check(
    "RES-108",
    "columns are not separated by commas",
    "{file} separates its columns by {separator}; Rollbook reads commas.",
    "Save the table as CSV with commas; spreadsheets take the separator from the region.",
    "Read with another separator, a comma inside a name would move every later cell.",
    severity=Severity.FATAL,
    source="Rollbook results CSV",
)

BLANK: Final = _check(
    "RES-201",
    "required value is blank",
    "{column} is blank.",
    "Fill in {column}.",
    "The result cannot be matched or placed without it.",
)
UNKNOWN_GRADE: Final = _check(
    "RES-202",
    "grade is not known",
    '{column}: "{value}" is not a grade Rollbook knows.',
    "Use PK, TK, KG, or 01 to 12.",
    "Results are reported by grade.",
)
UNKNOWN_SEX: Final = _check(
    "RES-203",
    "sex is not known",
    '{column}: "{value}" is not a code Rollbook knows.',
    "Use Male, Female or Nonbinary.",
    "Results are reported by sex.",
)
NOT_YES_OR_NO: Final = _check(
    "RES-204",
    "not yes or no",
    '{column}: "{value}" is neither Yes nor No.',
    "Use Yes or No, or leave it blank when it is not known.",
    "A guess would move a student from one subgroup to another.",
)
NOT_A_DATE: Final = _check(
    "RES-205",
    "date cannot be read",
    '{column}: "{value}" is not a date Rollbook can read.',
    "Write dates as 2026-04-14 and moments as 2026-04-14T10:31:00Z.",
    "The year of a result comes from the date it was completed.",
)
UNKNOWN_ACQUISITION: Final = _check(
    "RES-206",
    "English acquisition status is not known",
    '{column}: "{value}" is not a code Rollbook knows.',
    "Use EO, EL, IFEP, RFEP, TBD or ADEL.",
    "Results are reported by English language acquisition status.",
)
UNKNOWN_MILITARY: Final = _check(
    "RES-207",
    "military connection is not known",
    '{column}: "{value}" is not a code Rollbook knows.',
    "Use NotMilitaryConnected, ActiveDuty or NationalGuardOrReserve.",
    "Results are reported by military connection.",
)
UNKNOWN_LANGUAGE: Final = _check(
    "RES-208",
    "language is not known",
    '{column}: "{value}" is not a language code Rollbook knows.',
    "Use the three letters of ISO 639-2, such as eng or spa, or the CALPADS number.",
    "Results are reported by language.",
    source="ISO 639-2; CALPADS code set for primary language",
)
UNKNOWN_COMPLETENESS: Final = _check(
    "RES-209",
    "completeness is not known",
    '{column}: "{value}" is not a code Rollbook knows.',
    "Use Complete or Partial; blank means Complete.",
    "Partial results are marked on screen.",
)
UNKNOWN_CONDITION: Final = _check(
    "RES-210",
    "administration condition is not known",
    '{column}: "{value}" is not a code Rollbook knows.',
    "Use Valid, IN, SD or NS; blank means Valid, or SD for an interim.",
    "Results are filtered by how the test was given.",
)
NOT_A_YEAR: Final = _check(
    "RES-211",
    "school year cannot be read",
    '{column}: "{value}" is not a school year.',
    "Write 2027 for the school year 2026–27.",
    "Results are kept by school year.",
)
UNKNOWN_TYPE: Final = _check(
    "RES-212",
    "assessment type is not known",
    '{column}: "{value}" is not an assessment type Rollbook knows.',
    "Use SUM, ICA or IAB.",
    "The type decides which scores and levels there are.",
)
UNKNOWN_STATUS: Final = _check(
    "RES-213",
    "status is not known",
    '{column}: "{value}" is not a status Rollbook knows; it was kept.',
    "Use completed, scored, reported, reset or another status of the format.",
    "Only reset does something: it takes the result back.",
    severity=_WARNING,
)
TOO_LONG: Final = _check(
    "RES-214",
    "value is too long",
    '{column}: "{value}" is longer than {longest} characters.',
    "Shorten it.",
    "Longer values cannot be kept.",
)
NOT_SAID: Final = _check(
    "RES-215",
    "a usual value is not given",
    "{column} is not given; this result counts in neither of its subgroups.",
    "Have the test delivery system send {column}, or leave it when it is not known.",
    "Systems that follow the format's usual settings refuse a result without it.",
    severity=_WARNING,
    source="reference: results-reporting 6.3, data elements required by default",
)
DAMAGED_ID: Final = _check(
    "RES-216",
    "identifier was rewritten by a spreadsheet",
    '{column}: "{value}" is how Excel rewrites a long number; digits of the id are lost.',
    "Export the file again and do not open it in Excel, or format the column as text first.",
    "A result would be given to no student, or to the wrong one.",
    source="Rollbook results CSV",
)

NOT_A_NUMBER: Final = _check(
    "RES-301",
    "score is not a number",
    '{column}: "{value}" is not a number.',
    "Write a number, or NS when there is no score.",
    "Scores are averaged.",
)
OUT_OF_RANGE: Final = _check(
    "RES-302",
    "score is outside the range",
    '{column}: "{value}" is outside {low} to {high}.',
    "Correct the score, or the range in the assessment's package.",
    "No student can reach a score outside the assessment's range.",
)
UNKNOWN_LEVEL: Final = _check(
    "RES-303",
    "performance level does not exist",
    '{column}: "{value}" is not one of the {high} performance levels.',
    "Write a level from 1 to {high}, or NS when there is none.",
    "Levels are counted in every report.",
)
NEGATIVE_ERROR: Final = _check(
    "RES-304",
    "standard error is negative",
    '{column}: "{value}" is below 0.',
    "Write a standard error of 0 or more, or leave it blank.",
    "An error band has no negative width.",
)
ITEM_SCORE: Final = _check(
    "RES-305",
    "item score is outside the range",
    '{column}: "{value}" is outside -1 to 20.',
    "Write the points from 0 to 20, or -1 when the item has no score yet.",
    "Item results are shown by points.",
)
UNKNOWN_SCORE_TYPE: Final = _check(
    "RES-306",
    "score type is not known",
    '{column}: "{value}" is not a score type Rollbook knows.',
    "Use Claim, Alternate, Target or Trait.",
    "Each type of score has its own page.",
    source="Rollbook results CSV",
)
UNREPORTED_CODE: Final = _check(
    "RES-307",
    "score is not one that its subject reports",
    'Score "{value}" is not a claim or alternate score of the subject; it was left out.',
    "Nothing, unless the score should be shown: then add it to the subject's definition.",
    "Test delivery systems send scores for internal claims too.",
    severity=Severity.INFO,
)
UNKNOWN_ITEM: Final = _check(
    "RES-308",
    "item is not in the assessment",
    'Item "{value}" is not in the assessment\'s package.',
    "Load the package that holds the item, then send the result again.",
    "Item results need the item's claim, target and difficulty.",
)

REPEATED_RESULT: Final = _check(
    "RES-401",
    "result appears twice",
    'Opportunity "{value}" appears more than once; only one result was kept.',
    "Send each opportunity once, or give each version its own status date.",
    "The result with the latest status date counts; without one nobody can tell which is right.",
)
OLDER_RESULT: Final = _check(
    "RES-402",
    "older version of a result",
    'Opportunity "{value}" appears again with a later status date; this one was left out.',
    "Nothing: the later version counts.",
    "Test delivery systems send a result again when it changes.",
    severity=_WARNING,
)
WITHOUT_RESULT: Final = _check(
    "RES-403",
    "row without a result",
    'No result in this intake has opportunity "{value}" of this assessment.',
    "Add the result to results.csv, or remove the row.",
    "Sub-scores and items belong to a result.",
    source="Rollbook results CSV",
)
REPEATED_ROW: Final = _check(
    "RES-404",
    "score or item appears twice",
    '{column}: "{value}" appears twice in one result; the first was kept.',
    "Remove the second.",
    "A result has one score of a kind and one response per item.",
    severity=_WARNING,
)
OTHER_YEAR: Final = _check(
    "RES-405",
    "school year does not fit the date",
    '{column} is "{value}", but the test was completed in the school year {year}; {year} was used.',
    "Correct the school year, or the date.",
    "Some senders name a school year by the year in which it starts.",
    severity=_WARNING,
)
OTHER_GRADE: Final = _check(
    "RES-406",
    "grade differs from the assessment's",
    'The student is in grade "{value}" and took a summative assessment for grade {grade}.',
    "Nothing, if the student took a test of another grade.",
    "Interims may be given in any grade; a summative rarely is.",
    severity=Severity.INFO,
)
UNKNOWN_ASSESSMENT: Final = _check(
    "RES-407",
    "assessment is not known",
    'Assessment "{value}" is not loaded; its scores were checked by subject alone.',
    "Load the assessment's package to have its items and cut scores.",
    "Item pages and cut score lines need the package.",
    severity=_WARNING,
)
UNKNOWN_SUBJECT: Final = _check(
    "RES-408",
    "subject is not known",
    'Subject "{value}" is not defined, so its levels and scores were not checked.',
    "Load the subject's definition.",
    "Levels, claims and score ranges come from the subject.",
    severity=_WARNING,
)
OTHER_ASSESSMENT: Final = _check(
    "RES-409",
    "result contradicts its assessment",
    '{column} is "{value}", but the assessment\'s package says {said}.',
    "Correct the result, or the package.",
    "One assessment has one subject, grade and type.",
)
TYPE_GUESSED: Final = _check(
    "RES-410",
    "interim of unknown kind",
    'Assessment "{value}" is not loaded and its name does not tell its kind; '
    "{said} was assumed from its scores.",
    "Load the assessment's package.",
    "Comprehensive interims and blocks are reported apart.",
    severity=_WARNING,
)

CHECKS: Final = (
    NOT_RESULTS,
    ELEMENT_MISSING,
    COLUMNS_MISSING,
    COLUMN_UNKNOWN,
    FILE_UNKNOWN,
    NOTHING_FOUND,
    DEMO_STUDENT,
    OTHER_SEPARATOR,
    BLANK,
    UNKNOWN_GRADE,
    UNKNOWN_SEX,
    NOT_YES_OR_NO,
    NOT_A_DATE,
    UNKNOWN_ACQUISITION,
    UNKNOWN_MILITARY,
    UNKNOWN_LANGUAGE,
    UNKNOWN_COMPLETENESS,
    UNKNOWN_CONDITION,
    NOT_A_YEAR,
    UNKNOWN_TYPE,
    UNKNOWN_STATUS,
    TOO_LONG,
    NOT_SAID,
    DAMAGED_ID,
    NOT_A_NUMBER,
    OUT_OF_RANGE,
    UNKNOWN_LEVEL,
    NEGATIVE_ERROR,
    ITEM_SCORE,
    UNKNOWN_SCORE_TYPE,
    UNREPORTED_CODE,
    UNKNOWN_ITEM,
    REPEATED_RESULT,
    OLDER_RESULT,
    WITHOUT_RESULT,
    REPEATED_ROW,
    OTHER_YEAR,
    OTHER_GRADE,
    UNKNOWN_ASSESSMENT,
    UNKNOWN_SUBJECT,
    OTHER_ASSESSMENT,
    TYPE_GUESSED,
)
