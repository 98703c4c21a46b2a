"""The page that counts sections by student: tried, proposed, used, downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.sections import sharing_of
from rollbook.roster.rules.sharing import Sharing, SharingMode, read_rules
from tests.db.roster.given import loaded, preflight
from tests.faces.conftest import SignIn
from tests.factories.accounts import EVERYTHING
from tests.factories.places import SmallState

pytestmark = pytest.mark.django_db
HOMEROOMS = {"rule": "0", "field": "section_type", "operator": "is", "value": "Homeroom"}


@pytest.fixture
def intake(tmp_path: Path, state: SmallState) -> Intake:
    return loaded(tmp_path)


def address(intake: Intake) -> str:
    return reverse("roster_sections", args=[2027, intake.uuid])


def said(client: Client, intake: Intake, sent: dict[str, object] | None = None) -> str:
    """Return the page as one line, opened or with its form sent."""
    page = client.get(address(intake)) if sent is None else client.post(address(intake), sent)
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def test_the_answer_comes_first(intake: Intake, sign_in: SignIn) -> None:
    page = said(sign_in(), intake)
    assert "<strong>2</strong> students are in exactly one section" in page
    assert "Every student is in exactly one section." in page
    assert "O&#x27;Dell" not in page


def test_rules_are_counted_and_said_for_pasting(intake: Intake, sign_in: SignIn) -> None:
    page = said(sign_in(), intake, HOMEROOMS | {"do": "count"})
    assert (
        "<strong>1</strong> student is in exactly one section, <strong>1</strong> in none" in page
    )
    assert "Match all sections where Section type is &quot;Homeroom&quot;" in page
    assert "Enroll 1 student of North in one section" not in page
    assert "No section of North matches: make one, and enroll 1 student in it." in page
    assert "Use this 1 rule" in page


def test_who_is_shown_by_name_when_asked_for(intake: Intake, sign_in: SignIn) -> None:
    client = sign_in()
    assert "Eli Soto" not in said(client, intake, HOMEROOMS)
    page = said(client, intake, HOMEROOMS | {"who": "no_match|sch-1"})
    assert "1 student: In sections, but none of them matches." in page
    assert "Eli Soto" in page and "Ana" not in page
    assert "Nobody any more" in said(client, intake, HOMEROOMS | {"who": "nonsense|sch-1"})


def test_the_buttons_of_the_builder_change_its_lines(intake: Intake, sign_in: SignIn) -> None:
    client = sign_in()
    assert said(client, intake, HOMEROOMS | {"do": "and-0"}).count('name="value"') == 2
    more = said(client, intake, HOMEROOMS | {"do": "or"})
    assert "Or match all sections where" in more
    less = said(client, intake, HOMEROOMS | {"do": "remove-0"})
    assert (less.count('name="value"'), 'value="Homeroom"' in less) == (1, False)
    for nonsense in ("and-", "and-99999999", "remove-x", "explode", "and--1"):
        assert said(client, intake, HOMEROOMS | {"do": nonsense}).count('name="value"') <= 2
    odd = {"rule": ["x", "0", "77"], "field": ["course_name", "color", "period"],
           "operator": ["is", "is", "is"], "value": ["a", "b", "c"]}  # fmt: skip
    assert "<strong>2</strong> students are in exactly one" in said(client, intake, odd)


def test_the_smallest_rules_are_proposed_into_the_form(intake: Intake, sign_in: SignIn) -> None:
    page = said(sign_in(), intake, {"do": "propose"})
    assert "Proposed: 1 rule" in page
    assert "2 of 2 students are in exactly one section" in page
    assert page.count('name="value"') == 1


def test_without_a_rule_schools_may_be_chosen(intake: Intake, sign_in: SignIn) -> None:
    client = sign_in()
    page = said(client, intake, {"school": ["sch-2", "elsewhere"]})
    assert (
        "<strong>1</strong> student is in exactly one section, <strong>0</strong> in none" in page
    )
    assert "Use all sections of these schools" in page
    client.post(address(intake), {"school": ["sch-2", "elsewhere"], "do": "use"})
    less = Intake.objects.exclude(pk=intake.pk).get()
    chosen = Sharing(SharingMode.SCHOOLS, school_ids=("sch-2",))
    assert sharing_of(EVERYTHING, less.uuid) == chosen
    again = said(client, less)
    assert "This part of the roster is used now." in again
    assert "Use all sections</button>" in said(client, less, {"do": "count"})


def test_only_some_grades_are_counted(intake: Intake, sign_in: SignIn) -> None:
    page = said(sign_in(), intake, HOMEROOMS | {"grade": "12"})
    assert "<strong>0</strong> students are in exactly one section" in page


def test_the_download_has_everybody_who_is_not_in_one(intake: Intake, sign_in: SignIn) -> None:
    sent = sign_in().post(address(intake), HOMEROOMS | {"do": "csv"})
    assert sent["Content-Type"] == "text/csv; charset=utf-8"
    assert sent.content.decode().splitlines() == [
        "school,sourced_id,local_id,family_name,given_name,grade,section_count,cause,sections",
        "North,stu-1,100,Soto,Eli,03,0,no_match,Math 3 · Math 3 A",
    ]


def test_using_rules_leads_to_the_plan_of_less(intake: Intake, sign_in: SignIn) -> None:
    sent = sign_in().post(address(intake), HOMEROOMS | {"do": "use"})
    less = Intake.objects.exclude(pk=intake.pk).get()
    assert (sent.status_code, sent["Location"]) == (
        302,
        reverse("roster_plan", args=[2027, less.uuid]),
    )
    assert sharing_of(EVERYTHING, less.uuid) == read_rules(["section_type is Homeroom"])
    assert sharing_of(EVERYTHING, intake.uuid) == Sharing()


def test_who_may_only_read_may_try_and_not_use(intake: Intake, sign_in: SignIn) -> None:
    reader = sign_in("approver", intake.organization)
    assert "Use this 1 rule" not in said(reader, intake, HOMEROOMS)
    assert reader.post(address(intake), HOMEROOMS | {"do": "use"}).status_code == 302
    assert Intake.objects.count() == 1


def test_another_district_finds_nothing_here(
    intake: Intake, sign_in: SignIn, state: SmallState
) -> None:
    client = sign_in("district_admin", state.south)
    for answer in (client.get(address(intake)), client.post(address(intake), {"do": "propose"})):
        assert answer.status_code == 404


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, sign_in: SignIn) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"no zip")
    assert "Nothing of this file can be read" in said(sign_in(), preflight(path))


def test_a_file_that_is_gone_cannot_be_used_again(intake: Intake, sign_in: SignIn) -> None:
    client = sign_in()
    said(client, intake)
    (settings.FILES_ROOT / "intakes" / f"{intake.sha256}.zip").unlink()
    sent = client.post(address(intake), HOMEROOMS | {"do": "use"})
    assert sent["Location"] == address(intake)
    assert "The file is not kept here any more." in said(client, intake)
