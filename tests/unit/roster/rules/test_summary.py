"""A preflight on one page, with the values of cells for the page and without them for a mail."""

from __future__ import annotations

from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.rules.root_causes import repairs_made, root_causes
from rollbook.roster.rules.summary import PreflightSummary, first_steps, summary_text
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile
from tests.spec.roster.given import spoilt

REPAIR_CODES = frozenset(check.code for check in CHECKS if check.is_repair)


def _summary(defect: str, *, is_sent_alone: bool = True) -> PreflightSummary:
    result = check_file(spoilt(defect), profile=Profile.LENIENT)
    return PreflightSummary(
        file_name="roster.zip",
        status="planned",
        records=result.counts.records,
        causes=root_causes(result, repair_codes=REPAIR_CODES),
        repairs=repairs_made(result, REPAIR_CODES),
        changes={"students": {"add": 1_200, "update": 0}},
        holds=["North would lose 40 of 50 students."],
        left_out={file: left.frame.height for file, left in result.excluded.items()},
        is_sent_alone=is_sent_alone,
    )


DEFECT = "users[1].enabledUser=perhaps ; users[2].grades=13th ; users[2].enabledUser=TRUE"


def test_the_page_says_what_came_what_changes_what_is_left_out_and_what_first() -> None:
    assert summary_text(_summary(DEFECT)).splitlines() == [
        "What came",
        "- roster.zip: 3 people, 3 roles, 2 classes, 3 class enrollments, 1 set of demographics, "
        "3 schools and districts, 1 course, 3 school years and terms.",
        "",
        "What will change",
        "- students: add 1,200",
        "- Waits: North would lose 40 of 50 students.",
        "",
        "What is left out, and why",
        '- users.csv line 2: "perhaps" is neither true nor false. Touches 1 in users.csv, '
        "1 in roles.csv, 1 in demographics.csv, 1 in enrollments.csv. [ROS-233]",
        "",
        "Kept, and worth a look",
        '- users.csv line 3: "13th" is not a grade Rollbook knows. Use PK, KG, or 01 to 12. '
        "[ROS-251]",
        "",
        "Repaired on the way in",
        "- enabledUser of users.csv: 1 cell [ROS-263]",
        "",
        "What to do first",
        "- Write true or false, in lower case. [ROS-233] (4 rows)",
        "- Correct the rows in the file of excluded rows and send that file alone, or correct "
        "them in the source system and send the roster again.",
        "- Look at the plan: it waits for somebody to approve it.",
    ]


def test_a_mail_quotes_no_cell() -> None:
    told = summary_text(_summary(DEFECT), with_values=False)
    assert "enabledUser of users.csv: 4 rows [ROS-233]" in told
    assert [word for word in ("perhaps", "13th", "TRUE") if word in told] == []


def test_a_part_of_another_layout_is_not_to_be_sent_as_the_whole() -> None:
    steps = first_steps(_summary(DEFECT, is_sent_alone=False))
    assert "only where rosters add and change" in steps[1]


def test_a_sound_roster_has_nothing_to_do() -> None:
    result = check_file(spoilt("1.2"), profile=Profile.STRICT)
    summary = PreflightSummary("roster.zip", "planned", result.counts.records)
    assert first_steps(summary) == ["Nothing has to be done about this file."]
