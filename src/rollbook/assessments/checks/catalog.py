"""Every check on subject definitions and assessment packages, once."""

from __future__ import annotations

from typing import Final

from rollbook.shared.findings import Check, Severity

_SUBJECT_FORMAT: Final = "RDW subject definition format"
_PACKAGE_FORMAT: Final = "Smarter Balanced tabulator format"


def _subject_check(number: int, name: str, says: str, fix: str, why: str) -> Check:
    return Check(f"ASM-3{number:02d}", name, Severity.ERROR, says, fix, why, _SUBJECT_FORMAT)


def _package_check(
    number: int,
    name: str,
    says: str,
    fix: str,
    why: str,
    *,
    severity: Severity = Severity.ERROR,
) -> Check:
    return Check(f"ASM-2{number:02d}", name, severity, says, fix, why, _PACKAGE_FORMAT)


NOT_A_PACKAGE: Final = Check(
    "ASM-101",
    "not an assessment package",
    Severity.FATAL,
    "{file} lacks the columns {missing}, so it is not an assessment package.",
    "Send the tabulator CSV with one row per item, or one row per assessment without items.",
    "Nothing can be read from a file whose assessments have no identity.",
    _PACKAGE_FORMAT,
)
NOT_A_SUBJECT: Final = Check(
    "ASM-102",
    "not a subject definition",
    Severity.FATAL,
    '{file} starts with "{value}", so it is not a subject definition.',
    "Send an XML document whose outermost element is Subject.",
    "Nothing can be read from a document of another kind.",
    _SUBJECT_FORMAT,
)

MISSING_VALUE: Final = _package_check(
    1,
    "value is missing",
    "{column} is blank for assessment {assessment}.",
    "Fill in {column}.",
    "An assessment without it cannot be found, placed or checked against.",
)
UNKNOWN_SUBJECT: Final = _package_check(
    2,
    "subject is not known",
    'AssessmentSubject "{value}" of assessment {assessment} is not a subject Rollbook knows.',
    "Load the subject's definition first, or correct the subject.",
    "Levels, claims and score ranges come from the subject.",
)
UNKNOWN_TYPE: Final = _package_check(
    3,
    "assessment type is not known",
    'AssessmentSubtype "{value}" of assessment {assessment} is not one that its subject has.',
    "Use SUM, ICA or IAB, as the subject defines.",
    "The type decides which scores and levels there are.",
)
UNKNOWN_GRADE: Final = _package_check(
    4,
    "grade is not known",
    'AssessmentGrade "{value}" of assessment {assessment} is not a grade Rollbook knows.',
    "Use KG or 01 to 12.",
    "Results are reported by the assessment's grade.",
)
NOT_A_NUMBER: Final = _package_check(
    5,
    "value is not a number",
    '{column} "{value}" of assessment {assessment} is not a number.',
    "Correct the number.",
    "Cut scores, points and positions are compared as numbers.",
)
CONTRADICTION: Final = _package_check(
    6,
    "rows of one assessment differ",
    'Assessment {assessment} has {column} "{value}" here and "{before}" above.',
    "Give every row of an assessment the same {column}.",
    "One assessment has one name, subject, grade, type, version and set of cut scores.",
)
WRONG_CUT_COUNT: Final = _package_check(
    7,
    "number of cut scores does not fit",
    "Assessment {assessment} has {bands} score bands, but its subject has {levels} levels.",
    "Give a low and a high score for each of the {levels} levels.",
    "There is one cut score between each two neighbouring levels.",
)
CUTS_DO_NOT_RISE: Final = _package_check(
    8,
    "cut scores do not rise",
    "The cut scores of assessment {assessment} are {value}, which do not rise.",
    "Order the bands from the lowest level to the highest.",
    "A higher level starts at a higher score.",
)
CUTS_OUT_OF_RANGE: Final = _package_check(
    9,
    "score is outside the subject's range",
    "Score {value} of assessment {assessment} is outside {low} to {high}.",
    "Correct the score bands, or the range in the subject's definition.",
    "No student can reach a score outside the subject's range.",
)
DUPLICATE_ITEM: Final = _package_check(
    10,
    "item appears twice",
    'Item "{value}" appears twice in assessment {assessment}; the first is kept.',
    "Remove the second row.",
    "One item has one position in an assessment.",
    severity=Severity.WARNING,
)
DUPLICATE_NAME: Final = _package_check(
    11,
    "name is used twice",
    'AssessmentName "{value}" of {assessment} is also the name of {other}.',
    "Give each assessment its own name.",
    "People choose assessments by name, across subjects.",
)

DAMAGED_VALUE: Final = _subject_check(
    1,
    "attribute cannot be read",
    '{column} "{value}" is not {wanted}',
    "Correct the attribute.",
    "Levels, orders and cuts are compared as numbers; codes are short and never blank.",
)
DUPLICATE_CODE: Final = _subject_check(
    2,
    "code is used twice",
    "Duplicate code found: {value}",
    "Give each its own code.",
    "Results refer to claims, alternate scores and types by code.",
)
ORDER_MISSING: Final = _subject_check(
    3,
    "order is missing",
    "{whose} must have a {column} defined",
    "Add {column}.",
    "Scores are shown and exported in a declared order.",
)
DUPLICATE_DISPLAY_ORDER: Final = _subject_check(
    4,
    "display order is used twice",
    "Duplicate display order found: {value}",
    "Number the scores 1, 2, 3 and so on.",
    "Two scores cannot share a place.",
)
DUPLICATE_DATA_ORDER: Final = _subject_check(
    5,
    "data order is used twice",
    "Duplicate dataOrder found: {value}",
    "Number the scores 1, 2, 3 and so on.",
    "Two scores cannot share a column.",
)
TOO_MANY_SCORES: Final = _subject_check(
    6,
    "too many scores",
    "A maximum number of 6 {whose} are supported, but found: {value}",
    "Report at most 6.",
    "Result pages and exports have six columns for them.",
)
USELESS_CLAIM: Final = _subject_check(
    7,
    "claim is neither scorable nor organizational",
    "Claim must be scorable, organizational, or both",
    "Set scorable or organizational to true, or remove claim {value}.",
    "Such a claim has neither scores nor targets.",
)
TARGETS_MISPLACED: Final = _subject_check(
    8,
    "claim may not hold targets",
    "A non-organizational claim cannot contain targets",
    "Move the targets of claim {value} to an organizational claim.",
    "Items name an organizational claim and a target.",
)
DUPLICATE_TARGET: Final = _subject_check(
    9,
    "target code is used twice",
    "Duplicate target code found: {value}",
    "Give each target of a claim its own code.",
    "Items and target results refer to a target by claim and code.",
)
DIFFICULTY_CUTS: Final = _subject_check(
    10,
    "difficulty cuts do not rise",
    "Moderate low end cutpoint must be less than the difficult low end cutpoint",
    "Correct the cuts of grade {value}.",
    "Moderate items are easier than difficult ones.",
)
BLOCK_SCORING: Final = _subject_check(
    11,
    "interim blocks report only an overall level",
    "IAB assessments do not support {value}",
    "Remove it from the iab assessment type.",
    "A block is too short for claims, alternate scores or a standard.",
)
BLOCK_LEVEL_COUNT: Final = _subject_check(
    12,
    "interim blocks have three levels",
    "IAB assessments only support 3 performance levels, but found {value}",
    "Define Below, Near and Above.",
    "A block says only where a student is in relation to the standard.",
)
LEVELS_START: Final = _subject_check(
    13,
    "levels do not start at 1",
    "Performance levels must start at level 1",
    "Number the levels from 1.",
    "Levels are stored as their number.",
)
LEVELS_GAP: Final = _subject_check(
    14,
    "levels leave a gap",
    "Performance levels must be continuous (1, 2, 3, etc)",
    "Number the levels without gaps.",
    "Levels are stored as their number.",
)
CUTOFF_UNKNOWN: Final = _subject_check(
    15,
    "cutoff is not a level",
    "Performance level cutoff: {value} must reference an existing performance level",
    "Use the number of the lowest level that meets the standard.",
    "Percent meeting the standard counts the levels from the cutoff up.",
)
TOO_MANY_LEVELS: Final = _subject_check(
    16,
    "too many levels",
    "A maximum of 6 performance levels are supported, but found: {value}",
    "Define at most 6 levels.",
    "Result pages and exports have six columns for them.",
)
REPORT_TYPE: Final = _subject_check(
    17,
    "report text for an unknown type",
    "ReportAssessmentType code must reference an existing Subject.AssessmentType code",
    'Define the assessment type "{value}", or remove its report texts.',
    "Texts without a type are never printed.",
)
REPORT_DUPLICATE_LEVEL: Final = _subject_check(
    18,
    "report text for a level twice",
    "Duplicate performance level",
    "Keep one text for level {value}.",
    "A printed report has one sentence per level.",
)
REPORT_UNKNOWN_LEVEL: Final = _subject_check(
    19,
    "report text for an unknown level",
    "Report references non-existent performance level",
    "Remove the text for level {value}, or define the level.",
    "Texts without a level are never printed.",
)
REPORT_MISSING_LEVEL: Final = _subject_check(
    20,
    "level without a report text",
    "Performance levels exist without associated report messages: {value}",
    "Write a text for each level.",
    "A student at that level would get an empty sentence.",
)
REPORT_UNKNOWN_CLAIM: Final = _subject_check(
    21,
    "report text for an unknown claim",
    "Report references non-existent scorable claim",
    'Define the scorable claim "{value}", or remove its texts.',
    "Texts without a claim are never printed.",
)
REPORT_MISSING_CLAIM: Final = _subject_check(
    22,
    "claim without report texts",
    "There exist scorable claims without associated ReportClaim elements: {value}",
    "Write texts for each scorable claim.",
    "A printed report would leave the claim out.",
)
DUPLICATE_OTHER: Final = _subject_check(
    23,
    "standard or trait code is used twice",
    "Duplicate {whose} code found: {value}",
    "Give each its own code.",
    "Items refer to standards, results to traits, by code.",
)

CHECKS: Final = (
    NOT_A_PACKAGE,
    NOT_A_SUBJECT,
    MISSING_VALUE,
    UNKNOWN_SUBJECT,
    UNKNOWN_TYPE,
    UNKNOWN_GRADE,
    NOT_A_NUMBER,
    CONTRADICTION,
    WRONG_CUT_COUNT,
    CUTS_DO_NOT_RISE,
    CUTS_OUT_OF_RANGE,
    DUPLICATE_ITEM,
    DUPLICATE_NAME,
    DAMAGED_VALUE,
    DUPLICATE_CODE,
    ORDER_MISSING,
    DUPLICATE_DISPLAY_ORDER,
    DUPLICATE_DATA_ORDER,
    TOO_MANY_SCORES,
    USELESS_CLAIM,
    TARGETS_MISPLACED,
    DUPLICATE_TARGET,
    DIFFICULTY_CUTS,
    BLOCK_SCORING,
    BLOCK_LEVEL_COUNT,
    LEVELS_START,
    LEVELS_GAP,
    CUTOFF_UNKNOWN,
    TOO_MANY_LEVELS,
    REPORT_TYPE,
    REPORT_DUPLICATE_LEVEL,
    REPORT_UNKNOWN_LEVEL,
    REPORT_MISSING_LEVEL,
    REPORT_UNKNOWN_CLAIM,
    REPORT_MISSING_CLAIM,
    DUPLICATE_OTHER,
)
