"""Every check on subjects and packages, as tables: one defect, and all that is found."""

from __future__ import annotations

import pytest

from rollbook.assessments.checks import catalog
from rollbook.assessments.sources.package_csv import PackageReading, read_package
from rollbook.assessments.sources.subject_xml import SubjectReading, read_subject

SUBJECT = """<Subject code="ART" name="Art">
<AssessmentTypes>
<AssessmentType code="sum" name="Summative">
<OverallScoring name="Overall" minScore="100" maxScore="500">
<PerformanceLevels standardCutoff="2">
<PerformanceLevel level="1" name="Below" color="maroon"/>
<PerformanceLevel level="2" name="Above" color="green"/>
</PerformanceLevels>
</OverallScoring>
<ClaimScoring name="Claim"><PerformanceLevels>
<PerformanceLevel level="1" name="Low" color="maroon"/>
<PerformanceLevel level="2" name="High" color="green"/>
</PerformanceLevels></ClaimScoring>
</AssessmentType>
<AssessmentType code="iab" name="Block">
<OverallScoring name="Overall" minScore="100" maxScore="500">
<PerformanceLevels>
<PerformanceLevel level="1" name="Below" color="maroon"/>
<PerformanceLevel level="2" name="Near" color="orange"/>
<PerformanceLevel level="3" name="Above" color="green"/>
</PerformanceLevels>
</OverallScoring>
</AssessmentType>
</AssessmentTypes>
<DepthsOfKnowledge><DepthOfKnowledge level="1" name="Recall"/></DepthsOfKnowledge>
<ItemDifficulties>
<ItemDifficulty gradeCode="05" moderateLowEnd="-0.5" difficultLowEnd="0.5"/>
</ItemDifficulties>
<ReportGrades><ReportGrade code="05"><ReportAssessmentTypes>
<ReportAssessmentType code="sum">
<ReportPerformanceLevels>
<ReportPerformanceLevel level="1">{0} is below.</ReportPerformanceLevel>
<ReportPerformanceLevel level="2">{0} is above.</ReportPerformanceLevel>
</ReportPerformanceLevels>
<ReportClaims><ReportClaim code="DRAW"><ReportPerformanceLevels>
<ReportPerformanceLevel level="1">Low.</ReportPerformanceLevel>
<ReportPerformanceLevel level="2">High.</ReportPerformanceLevel>
</ReportPerformanceLevels></ReportClaim></ReportClaims>
</ReportAssessmentType>
</ReportAssessmentTypes></ReportGrade></ReportGrades>
<AltScores><AltScore code="A1" name="Whole" displayOrder="1" dataOrder="1"/></AltScores>
<Traits><Trait code="T1" purpose="ARGU" category="ORG" maxScore="4"/></Traits>
<Claims>
<Claim code="DRAW" name="Drawing" displayOrder="1" dataOrder="1">
<Targets><Target code="1-5" name="1"/></Targets>
</Claim>
<Claim code="NA" name="Other" scorable="false"/>
</Claims>
<Standards><Standard code="S.1"/></Standards>
</Subject>
"""

ALTS = "".join(
    f'<AltScore code="B{number}" name="B" displayOrder="{number}" dataOrder="{number}"/>'
    for number in range(2, 8)
)
LEVELS = "".join(
    f'<PerformanceLevel level="{number}" name="L" color="blue"/>' for number in range(4, 8)
)

# what is replaced, by what, and the codes and sentences found
DEFECTS: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "a level that is no number": (
        'level="1" name="Low"',
        'level="one" name="Low"',
        [
            ("ASM-301", 'level "one" is not a number'),
            ("ASM-313", "Performance levels must start at level 1"),
            ("ASM-319", "Report references non-existent performance level"),
            (
                "ASM-320",
                "Performance levels exist without associated report messages: 0",
            ),
        ],
    ),
    "a long code": (
        'code="ART"',
        'code="ARTS-AND-CRAFTS"',
        [("ASM-301", 'code "ARTS-AND-CRAFTS" is not at most 10 characters long')],
    ),
    "a type nobody knows": (
        'code="iab"',
        'code="quiz"',
        [("ASM-301", 'code "quiz" is not one of sum, ica and iab')],
    ),
    "two claims of one code": (
        'code="NA"',
        'code="DRAW"',
        [("ASM-302", "Duplicate code found: DRAW")],
    ),
    "an alternate without place": (
        'displayOrder="1" dataOrder="1"/></AltScores>',
        'dataOrder="1"/></AltScores>',
        [("ASM-303", "AltScores must have a displayOrder defined")],
    ),
    "two alternates in one place": (
        "</AltScores>",
        '<AltScore code="A2" name="Half" displayOrder="1" dataOrder="1"/></AltScores>',
        [
            ("ASM-304", "Duplicate display order found: 1"),
            ("ASM-305", "Duplicate dataOrder found: 1"),
        ],
    ),
    "seven alternates": (
        "</AltScores>",
        ALTS + "</AltScores>",
        [("ASM-306", "A maximum number of 6 AltScores are supported, but found: 7")],
    ),
    "a claim for nothing": (
        'name="Other" scorable="false"',
        'name="Other" scorable="false" organizational="false"',
        [("ASM-307", "Claim must be scorable, organizational, or both")],
    ),
    "targets in the wrong claim": (
        'name="Drawing"',
        'name="Drawing" organizational="false"',
        [("ASM-308", "A non-organizational claim cannot contain targets")],
    ),
    "two targets of one code": (
        "</Targets>",
        '<Target code="1-5" name="2"/></Targets>',
        [("ASM-309", "Duplicate target code found: 1-5")],
    ),
    "difficulty upside down": (
        'moderateLowEnd="-0.5"',
        'moderateLowEnd="0.5"',
        [
            (
                "ASM-310",
                "Moderate low end cutpoint must be less than the difficult low end cutpoint",
            )
        ],
    ),
    "a block with a standard": (
        '<PerformanceLevels>\n<PerformanceLevel level="1" name="Below" color="maroon"/>\n'
        '<PerformanceLevel level="2" name="Near"',
        '<PerformanceLevels standardCutoff="2">\n'
        '<PerformanceLevel level="1" name="Below" color="maroon"/>\n'
        '<PerformanceLevel level="2" name="Near"',
        [("ASM-311", "IAB assessments do not support having a standardCutoff value")],
    ),
    "a block with two levels": (
        '<PerformanceLevel level="3" name="Above" color="green"/>',
        "",
        [("ASM-312", "IAB assessments only support 3 performance levels, but found 2")],
    ),
    "levels with a gap": (
        '<PerformanceLevel level="2" name="High"',
        '<PerformanceLevel level="3" name="High"',
        [
            ("ASM-314", "Performance levels must be continuous (1, 2, 3, etc)"),
            ("ASM-319", "Report references non-existent performance level"),
            (
                "ASM-320",
                "Performance levels exist without associated report messages: 3",
            ),
        ],
    ),
    "a cutoff that is no level": (
        'standardCutoff="2"',
        'standardCutoff="3"',
        [
            (
                "ASM-315",
                "Performance level cutoff: 3 must reference an existing performance level",
            )
        ],
    ),
    "seven levels in a block": (
        '<PerformanceLevel level="3" name="Above" color="green"/>',
        '<PerformanceLevel level="3" name="Above" color="green"/>' + LEVELS,
        [
            ("ASM-312", "IAB assessments only support 3 performance levels, but found 7"),
            ("ASM-316", "A maximum of 6 performance levels are supported, but found: 7"),
        ],
    ),
    "texts of no type": (
        '<ReportAssessmentType code="sum">',
        '<ReportAssessmentType code="ica">',
        [
            (
                "ASM-317",
                "ReportAssessmentType code must reference an existing Subject.AssessmentType code",
            )
        ],
    ),
    "two texts for a level": (
        '<ReportPerformanceLevel level="2">{0} is above.',
        '<ReportPerformanceLevel level="1">{0} is above.',
        [
            ("ASM-318", "Duplicate performance level"),
            (
                "ASM-320",
                "Performance levels exist without associated report messages: 2",
            ),
        ],
    ),
    "texts of no claim": (
        '<ReportClaim code="DRAW">',
        '<ReportClaim code="SING">',
        [
            ("ASM-321", "Report references non-existent scorable claim"),
            (
                "ASM-322",
                "There exist scorable claims without associated ReportClaim elements: DRAW",
            ),
        ],
    ),
    "two standards of one code": (
        "</Standards>",
        '<Standard code="S.1"/></Standards>',
        [("ASM-323", "Duplicate standard code found: S.1")],
    ),
    "two traits of one code": (
        "</Traits>",
        '<Trait code="T1" purpose="ARGU" category="CON" maxScore="2"/></Traits>',
        [("ASM-323", "Duplicate trait code found: T1")],
    ),
    "another document": (
        "Subject",
        "Theme",
        [("ASM-102", 'art.xml starts with "Theme", so it is not a subject definition.')],
    ),
}


def read(text: str) -> SubjectReading:
    return read_subject("art.xml", text.encode())


def test_a_sound_subject_has_no_findings() -> None:
    reading = read(SUBJECT)
    assert reading.findings == []
    assert reading.subject is not None
    assert [kind.code for kind in reading.subject.types] == ["sum", "iab"]
    assert reading.subject.reports[0].levels == ((1, "{0} is below."), (2, "{0} is above."))


@pytest.mark.parametrize("name", DEFECTS)
def test_one_defect_of_a_subject(name: str) -> None:
    before, after, expected = DEFECTS[name]
    assert before in SUBJECT
    reading = read(SUBJECT.replace(before, after))
    assert [(one.code, one.says) for one in reading.findings] == expected
    assert reading.subject is None


def test_findings_of_a_subject_carry_their_line() -> None:
    lines = SUBJECT.splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if '"NA"' in line)
    reading = read(SUBJECT.replace('scorable="false"', 'scorable="no"'))
    told = [(one.code, one.line, one.column, one.value) for one in reading.findings]
    assert told == [("ASM-301", at, "scorable", "no")]


HEADER = (
    "AssessmentId,AssessmentName,AssessmentSubject,AssessmentGrade,AssessmentType,"
    "AssessmentSubtype,AssessmentLabel,AssessmentVersion,AcademicYear,FullItemKey,ItemPosition,"
    "MaxPoints,avg_b,ScaledLow1,ScaledHigh1,ScaledLow2,ScaledHigh2,ScaledLow3,ScaledHigh3,"
    "ScaledLow4,ScaledHigh4"
)
CELLS = (
    "A-5,Grade 5 ELA,ELA,05,summative,SUM,Grade 5,1,2026,200-1,1,2,0.25,"
    "2201,2441,2442,2501,2502,2581,2582,2701"
)
SOUND = dict(zip(HEADER.split(","), CELLS.split(","), strict=True))


def package(*rows: dict[str, str]) -> PackageReading:
    lines = [",".join((SOUND | row).values()) for row in rows]
    return read_package("package.csv", "\n".join([HEADER, *lines, ""]).encode())


# code, severity, column, value; what is changed in the second of two assessments
PACKAGE_DEFECTS = """
ASM-201 error   AssessmentName    AssessmentName=
ASM-202 error   AssessmentSubject AssessmentSubject=Art
ASM-203 error   AssessmentSubtype AssessmentSubtype=QUIZ
ASM-204 error   AssessmentGrade   AssessmentGrade=14
ASM-205 error   AcademicYear      AcademicYear=now
ASM-205 error   MaxPoints         MaxPoints=two
ASM-207 error   -                 ScaledLow4=
ASM-208 error   -                 ScaledLow3=2442
ASM-209 error   -                 ScaledHigh4=3501
ASM-211 error   AssessmentName    AssessmentName=Grade 5 ELA
"""


@pytest.mark.parametrize("line", PACKAGE_DEFECTS.strip().splitlines())
def test_one_defect_of_a_package_refuses_that_assessment_alone(line: str) -> None:
    code, severity, column, change = line.split(maxsplit=3)
    name, value = change.split("=")
    other = {"AssessmentId": "B-5", "AssessmentName": "Another", name: value}
    reading = package({}, other)
    assert [(one.code, one.severity.value, one.column or "-") for one in reading.findings] == [
        (code, severity, column)
    ]
    assert [one.id for one in reading.assessments] == ["A-5"]
    assert reading.rejected == ["B-5"]


def test_rows_that_contradict_each_other_refuse_the_assessment() -> None:
    reading = package({}, {"FullItemKey": "200-2", "AssessmentGrade": "06"})
    told = [(one.code, one.line, one.column, one.value) for one in reading.findings]
    assert told == [("ASM-206", 3, "AssessmentGrade", "06")]
    assert reading.rejected == ["A-5"]


def test_a_blank_cell_contradicts_nothing() -> None:
    reading = package({"ScaledHigh4": ""}, {"FullItemKey": "200-2", "AssessmentLabel": ""})
    assert reading.findings == []
    assert reading.assessments[0].cut_scores == (2442, 2502, 2582)


def test_an_item_that_comes_again_is_kept_once() -> None:
    reading = package({}, {})
    assert [(one.code, one.severity.value) for one in reading.findings] == [("ASM-210", "warning")]
    assert [item.id for item in reading.assessments[0].items] == ["200-1"]


def test_a_table_of_something_else_is_not_a_package() -> None:
    reading = read_package("roster.csv", b"student,grade\n1,05\n")
    assert [(one.code, one.severity.value) for one in reading.findings] == [("ASM-101", "fatal")]


def test_every_check_has_a_defect_here() -> None:
    shown = {code for _, _, expected in DEFECTS.values() for code, _ in expected}
    shown |= {line.split()[0] for line in PACKAGE_DEFECTS.strip().splitlines()}
    by_test = {"ASM-101", "ASM-206", "ASM-210"}
    assert shown | by_test == {check.code for check in catalog.CHECKS}
