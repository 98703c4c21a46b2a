"""Pages of extract profiles: the whole way, and who may go it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollbook.extracts.actions.targets import save_target
from rollbook.extracts.models import Delivery, ExtractFile, ExtractProfile
from rollbook.extracts.queries.files import file_path
from rollbook.extracts.types import ProfileKind, TargetKind
from rollbook.jobs.models import Job
from rollbook.orgs.actions import rebuild_links
from rollbook.orgs.models import Organization
from tests.faces.extracts import at, names, saved, signed_in_as
from tests.faces.seen import plain
from tests.factories.accounts import BY, EVERYTHING, NOW, ON
from tests.factories.extracts import (
    YEAR,
    SchoolDay,
    school_day,
    seat,
    section,
    settings_for,
    student,
    teacher,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 15, 18, tzinfo=UTC)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> SchoolDay:
    monkeypatch.setattr(timezone, "now", lambda: AT)
    return school_day()


@pytest.fixture
def owner(day: SchoolDay) -> Client:
    return signed_in_as("owner@example.org", "test_coordinator", day.places.north_high)


def typed(day: SchoolDay, **more: Any) -> dict[str, Any]:
    """Fill in the form for all classes of North High."""
    high = day.places.north_high
    fields: dict[str, Any] = {
        "place": str(high.uuid), "schools": [str(high.uuid)], "kind": "secondary_classes",
        "subject_area": "ELA", "pattern": "", "name": "All of English", "active_only": "1",
    }  # fmt: skip
    return fields | more


def boxes(response: HttpResponse, name: str) -> list[tuple[str, bool]]:
    """Return the labels of a list in their order, and whether each is checked."""
    text = response.content.decode()
    found = re.findall(
        rf'<input[^>]* name="{name}" value="[^"]*"( checked)?><label[^>]*>([^<]*)</label>', text
    )
    return [(html.unescape(label), bool(checked)) for checked, label in found]


# From the form to the file.


def test_a_profile_is_made_looked_at_saved_written_and_downloaded(
    day: SchoolDay, owner: Client
) -> None:
    form = owner.get(at("extract_profile_add"))
    assert boxes(form, "schools") == [("North High", True)]  # the only one of the reader
    assert boxes(form, "departments") == [("English", False)]

    looked = owner.post(at("extract_profile_add"), typed(day, choice="preview"))
    says = plain(looked)
    assert "1 group would be written" in says
    assert "2 students · 1 user · 3 records" in says
    assert "0101 Moss Kim P1 1" in says
    assert "No student of these schools would be left out." in says
    assert ExtractProfile.objects.count() == ExtractFile.objects.count() == 0

    done = owner.post(at("extract_profile_add"), typed(day, choice="save"), follow=True)
    profile = ExtractProfile.objects.get()
    assert "“All of English” was saved." in plain(done)
    assert "1 profile of 2026–27" in plain(done)

    form = {"choice": "make", "profile": str(profile.uuid), "consolidated": "1"}
    done = owner.post(at("extract_profiles"), form, follow=True)
    file = ExtractFile.objects.get()
    assert done.redirect_chain == [(at("extract_file", file.uuid), 302)]
    assert "Yes: there is no warning" in plain(done)
    assert "1 group · 2 students · 3 records · 0 students left out" in plain(done)

    listed = plain(owner.get(at("extract_files")))
    assert f"{file.name} All of English you 3 1 2 0 none Download" in listed
    download = owner.get(at("extract_file_download", file.uuid))
    assert download.content == file_path(file).read_bytes()
    assert b"0101 Moss Kim P1 1,0101,2027,ELA,1000000001," in file_path(file).read_bytes()
    assert download["Content-Disposition"] == f'attachment; filename="{file.name}"'


def test_a_new_form_says_what_to_do_first(day: SchoolDay) -> None:
    admin = signed_in_as("admin@example.org", "district_admin", day.places.north)
    form = admin.get(at("extract_profile_add"))
    assert boxes(form, "schools") == [("North High", False), ("North Middle", False)]
    assert "Choose schools, then “Show choices of this type”" in plain(form)
    assert boxes(form, "departments") == []
    refused = admin.post(at("extract_profile_add"), typed(day, schools=[], name="", choice="save"))
    assert refused.status_code == 422
    assert "Give the profile a name of up to 120 characters." in plain(refused)
    assert "Choose at least one school." in plain(refused)
    looked = admin.post(at("extract_profile_add"), typed(day, schools=[], choice="preview"))
    assert (looked.status_code, "Choose at least one school." in plain(looked)) == (422, True)


def test_a_place_out_of_reach_is_no_place_at_all(day: SchoolDay, owner: Client) -> None:
    for place in (day.places.south.uuid, "nonsense", ""):
        form = typed(day, place=str(place), choice="save")
        refused = owner.post(at("extract_profile_add"), form)
        assert refused.status_code == 422
        assert "Choose one of your districts or schools." in plain(refused)
    south = str(day.places.south_high.uuid)
    form = typed(day, schools=[south], choice="preview")
    looked = plain(owner.post(at("extract_profile_add"), form))
    assert "0 groups would be written" in looked
    assert "Reed" not in looked
    assert ExtractProfile.objects.count() == 0


def test_lists_narrow_each_other_and_keep_what_is_chosen(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    algebra = section(high, "Algebra", department="Mathematics", subjects="Math")
    seat(algebra, teacher(day.places.north, "Abel"))
    address = at("extract_profile_add")
    form = typed(day, departments=["Mathematics"], choice="show")
    shown = owner.post(address, form)
    assert boxes(shown, "courses") == [("Algebra", False)]
    assert boxes(shown, "teachers") == [("Abel, Kim", False)]
    # A teacher who was chosen before stays, first, and says why nobody comes.
    form |= {"teachers": [str(day.teacher.uuid)]}
    shown = owner.post(address, form)
    assert boxes(shown, "teachers") == [("Moss, Kim", True), ("Abel, Kim", False)]
    assert "not among these choices: takes nobody" in plain(shown)
    # Words filter what is offered, not what is chosen; "only chosen" hides the rest.
    shown = owner.post(address, form | {"words-teachers": "nobody"})
    assert boxes(shown, "teachers") == [("Moss, Kim", True)]
    shown = owner.post(address, form | {"only-teachers": "1"})
    assert boxes(shown, "teachers") == [("Moss, Kim", True)]
    # Looking at another type loses nothing.
    other = owner.post(address, form | {"kind": "elementary_grades"})
    assert boxes(other, "grades") == [("Grade 9", False)] or boxes(other, "grades")
    assert '<textarea name="more-departments" hidden' in other.content.decode()
    assert boxes(other, "teachers") == []


def test_all_of_a_list_are_chosen_or_none_without_a_script(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    for name in ("Algebra", "Art", "Biology"):
        section(high, name, department=name)
    address = at("extract_profile_add")
    form = typed(day, departments=["Biology"])
    form["words-departments"] = "a"
    shown = owner.post(address, form | {"choice": "all:departments"})
    assert boxes(shown, "departments") == [("Algebra", True), ("Art", True), ("Biology", True)]
    shown = owner.post(address, form | {"choice": "none:departments"})
    assert boxes(shown, "departments") == [("Algebra", False), ("Art", False)]
    assert owner.post(address, form | {"choice": "all:nothing"}).status_code == 200


def test_hundreds_of_teachers_are_chosen_in_one_profile(day: SchoolDay, owner: Client) -> None:
    north, high = day.places.north, day.places.north_high
    for n in range(220):
        seat(day.english, teacher(north, f"Teacher {n:03}"))
    address = at("extract_profile_add")
    shown = owner.post(address, typed(day, choice="all:teachers"))
    assert len(boxes(shown, "teachers")) == 100
    assert "121 more are chosen and kept." in plain(shown)
    kept = re.search(r'name="more-teachers"[^>]*>([^<]*)<', shown.content.decode())
    checked = re.findall(r'name="teachers" value="([^"]*)" checked', shown.content.decode())
    form = typed(day, teachers=checked, choice="save", name="Many")
    form["more-teachers"] = kept and kept[1].replace("\n", "\r\n")
    assert owner.post(address, form).status_code == 302
    assert len(set(ExtractProfile.objects.get().settings["teachers"])) == 221
    # What is looked for comes first, also among those kept out of sight.
    profile = ExtractProfile.objects.get()
    shown = owner.post(
        at("extract_profile", profile.uuid), form | {"choice": "show", "words-teachers": "219"}
    )
    assert boxes(shown, "teachers")[0] == ("Teacher 219, Kim", True)
    assert high.name in plain(shown)


def test_names_are_tried_before_they_are_kept(day: SchoolDay, owner: Client) -> None:
    address = at("extract_profile_add")
    form = typed(day, pattern="own", template="{teacher_last} {class:20}", choice="show")
    assert "For instance: Smith English 9 P3" in plain(owner.post(address, form))
    form = typed(day, pattern="own", template="{teacher}", choice="show")
    assert '"{teacher}" is not a field.' in plain(owner.post(address, form))
    for choice in ("preview", "save"):
        refused = owner.post(address, form | {"choice": choice})
        assert (refused.status_code, "is not a field" in plain(refused)) == (422, True)
    # The three ways by teacher are offered where there are teachers.
    shown = plain(owner.post(address, typed(day, choice="show")))
    assert all(
        f"Teacher name + {what} For instance: 994 Smith Jane" in shown
        for what in ("period", "section", "course title")
    )
    shown = plain(owner.post(address, typed(day, kind="elementary_grades", choice="show")))
    assert "Teacher name + period" not in shown
    assert "As usual for this type For instance: 994 Grade 03 1" in shown
    # A way chosen for another type gives way to the usual one.
    preset = "{school_number} {teacher_last} {teacher_first}[ P{period}] {n}"
    form = typed(day, kind="elementary_grades", pattern=preset, choice="save")
    assert owner.post(address, form).status_code == 302
    assert ExtractProfile.objects.get().settings["pattern"] == ""


def test_what_another_type_asked_for_is_not_saved(day: SchoolDay, owner: Client) -> None:
    form = typed(
        day, kind="elementary_grades", grades=["09"], departments=["English"], primary_only="1"
    )
    form |= {"more-courses": "ENGLISH9\r\nART", "choice": "save"}
    assert owner.post(at("extract_profile_add"), form).status_code == 302
    kept = ExtractProfile.objects.get().settings
    assert (kept["grades"], kept["primary_only"]) == (["09"], False)
    assert (kept["departments"], kept["courses"]) == ([], [])


def test_staff_whose_address_nobody_can_sign_in_with_are_not_offered(
    day: SchoolDay, owner: Client
) -> None:
    north = day.places.north
    for name, email in (("Blank", ""), ("Broken", "broken@example"), ("Fine", "f@example.org")):
        teacher(north, name, email=email)
    shown = owner.get(at("extract_profile_add"))
    assert boxes(shown, "additional_staff") == [("Fine, Kim", False), ("Moss, Kim", False)]


def test_a_preview_tells_who_is_left_out_and_what_to_know(day: SchoolDay, owner: Client) -> None:
    student(day.places.north_high, "1000000003")
    day.english.ends_before = ON
    day.english.save()
    says = plain(owner.post(at("extract_profile_add"), typed(day, choice="preview")))
    assert "0 groups would be written" in says
    assert "terms of all 1 classes are over or have not begun" in says
    assert "3 students of these schools would be left out" in says
    assert "Is in no class at this school 1" in says
    assert "Only in classes whose term has ended or not begun 2" in says


# The list.


def test_an_empty_list_says_what_to_do(day: SchoolDay, owner: Client) -> None:
    says = plain(owner.get(at("extract_profiles")))
    assert "Which groups go to the state's system?" in says
    assert "There is no profile yet. Make one: say which schools" in says
    assert "No file was written yet." in plain(owner.get(at("extract_files")))
    nothing = owner.post(at("extract_profiles"), {"choice": "make"}, follow=True)
    assert "Choose one or more profiles in the list first." in plain(nothing)


def test_words_are_looked_for_without_becoming_an_address(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    for name in ("English", "Algebra"):
        saved(high, settings_for(high), by="owner@example.org", name=name)
    shown = owner.post(at("extract_profiles"), {"words": "alg"})
    assert names(shown) == ["Algebra"]
    assert "alg" not in shown.headers.get("Location", "")
    shown = plain(owner.post(at("extract_profiles"), {"words": "latin"}))
    assert "No profile has these words in its name." in shown


def test_profiles_are_ordered_scheduled_copied_deleted_and_restored(
    day: SchoolDay, owner: Client
) -> None:
    high = day.places.north_high
    made = {
        name: saved(high, settings_for(high), by="owner@example.org", name=name)
        for name in ("One", "Two", "Three")
    }
    address = at("extract_profiles")

    def listed() -> list[str]:
        return names(owner.get(address))

    assert listed() == ["One", "Two", "Three"]
    owner.post(address, {"choice": f"up:{made['Three']}"})
    assert listed() == ["One", "Three", "Two"]
    owner.post(address, {"choice": f"down:{made['One']}"})
    assert listed() == ["Three", "One", "Two"]
    owner.post(address, {"choice": f"up:{made['Three']}"})  # is the first already
    owner.post(address, {"choice": "up:nonsense"})
    assert listed() == ["Three", "One", "Two"]

    both = [str(made["One"]), str(made["Two"])]
    says = owner.post(address, {"choice": "schedule", "profile": both}, follow=True)
    assert "2 profiles were taken into the scheduled process." in plain(says)
    says = owner.post(address, {"choice": "unschedule", "profile": both[:1]}, follow=True)
    assert "1 profile was taken out of the scheduled process." in plain(says)
    scheduled = ExtractProfile.objects.filter(in_schedule=True).values_list("name", flat=True)
    assert list(scheduled) == ["Two"]

    deleted = owner.post(address, {"choice": "delete", "profile": both}, follow=True)
    assert "2 profiles were deleted. Their files stay. Restore 2 profiles" in plain(deleted)
    assert listed() == ["Three"]
    owner.post(address, {"choice": "restore", "profile": both})
    assert listed() == ["Three", "One", "Two"]

    says = owner.post(address, {"choice": "copy", "profile": both[:1]}, follow=True)
    assert "1 profile was copied. The copy is yours" in plain(says)
    assert listed() == ["Three", "One", "Two", "One (2)"]


def test_a_former_year_is_copied_and_says_what_is_gone(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    gone = teacher(day.places.north, "Gone", is_active=False)
    settings = settings_for(
        high, school_year=YEAR - 1, teachers=(str(day.teacher.uuid), str(gone.uuid))
    )
    old = saved(high, settings, by="owner@example.org", name="Old")
    shown = plain(owner.get(at("extract_profiles")))
    assert "There is no profile of this school year yet. Copy those of former years" in shown
    assert "Choose Old of 2025–26" in shown
    opened = plain(owner.get(at("extract_profile", old)))
    assert "This profile is of 2025–26: it writes nothing any more. Copy 1 profile to" in opened
    says = owner.post(
        at("extract_profiles"), {"choice": "copy_to_year", "profile": str(old)}, follow=True
    )
    assert "“Old” was copied to 2026–27. No longer there: Teachers (1)." in plain(says)
    assert names(says) == ["Old", "Old"]
    copy = ExtractProfile.objects.get(school_year=YEAR)
    assert copy.settings["teachers"] == [str(day.teacher.uuid)]


def test_many_schools_are_written_by_a_worker(day: SchoolDay) -> None:
    admin = signed_in_as("admin@example.org", "district_admin", day.places.north)
    more = [
        Organization.objects.create(kind="school", name=f"S{n}", parent=day.places.north)
        for n in range(9)
    ]
    rebuild_links()
    profile = saved(day.places.north, settings_for(*more), by="admin@example.org")
    done = admin.post(at("extract_profiles"), {"choice": "make", "profile": str(profile)})
    job = Job.objects.get(name="extracts.make_files")
    assert done["Location"] == reverse("job", args=[job.uuid])
    assert ExtractFile.objects.count() == 0


def test_several_profiles_give_one_file_or_one_each(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    two = [
        str(saved(high, settings_for(high, **more), by="owner@example.org", name=name))
        for name, more in (
            ("Classes", {}),
            ("Grades", {"kind": ProfileKind.ELEMENTARY_GRADES}),
        )
    ]
    owner.post(at("extract_profiles"), {"choice": "make", "profile": two, "consolidated": "1"})
    assert ExtractFile.objects.count() == 1
    done = owner.post(at("extract_profiles"), {"choice": "make", "profile": two}, follow=True)
    assert (ExtractFile.objects.count(), "2 files were written." in plain(done)) == (3, True)
    only = owner.get(at("extract_files"), {"profile": two[0]})
    assert "Files of the profile “Classes” alone" in plain(only)
    assert len(names(only)) == 1


# Rights.


def test_whose_profile_it_is_decides_what_may_be_done(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    own = saved(high, settings_for(high), by="owner@example.org", name="Own")
    shared = saved(
        high, settings_for(high, departments=("English",)), by="owner@example.org", name="Shared",
        is_shared=True,
    )  # fmt: skip
    colleague = signed_in_as("colleague@example.org", "test_coordinator", high)
    admin = signed_in_as("admin@example.org", "district_admin", day.places.north)
    stranger = signed_in_as("south@example.org", "district_admin", day.places.south)
    reader = signed_in_as("teacher@example.org", "teacher", high)

    assert names(owner.get(at("extract_profiles"))) == ["Own", "Shared"]
    assert names(colleague.get(at("extract_profiles"))) == ["Shared"]
    assert names(admin.get(at("extract_profiles"))) == ["Own", "Shared"]
    assert names(stranger.get(at("extract_profiles"))) == []
    assert reader.get(at("extract_profiles")).status_code == 403

    # A colleague reads, previews, uses and copies what is shared; nothing else is there.
    seen = plain(colleague.get(at("extract_profile", shared)))
    assert "This profile belongs to somebody else" in seen
    assert "Departments · 1 English" in seen
    assert "Save" not in seen
    looked = colleague.post(at("extract_profile", shared), {"choice": "preview"})
    assert "1 group would be written" in plain(looked)
    form = typed(day, name="Mine now", choice="save")
    colleague.post(at("extract_profile", shared), form)
    for choice in ("delete", "schedule"):
        says = colleague.post(
            at("extract_profiles"), {"choice": choice, "profile": str(shared)}, follow=True
        )
        assert "somebody else's" in plain(says)
    kept = ExtractProfile.objects.get(uuid=shared)
    assert (kept.name, kept.is_active, kept.in_schedule, kept.position) == (
        "Shared",
        True,
        False,
        2,
    )
    colleague.post(at("extract_profiles"), {"choice": "copy", "profile": str(shared)})
    assert names(colleague.get(at("extract_profiles"))) == ["Shared", "Shared (2)"]
    says = colleague.post(at("extract_profiles"), {"choice": f"down:{shared}"}, follow=True)
    assert "somebody else's" in plain(says)
    # All or none, also where some of the chosen are one's own.
    both = [str(p.uuid) for p in ExtractProfile.objects.exclude(uuid=own).order_by("-pk")]
    colleague.post(at("extract_profiles"), {"choice": "delete", "profile": both})
    assert names(colleague.get(at("extract_profiles"))) == ["Shared", "Shared (2)"]

    for client in (colleague, stranger):
        assert client.get(at("extract_profile", own)).status_code == 404
        for choice in ("make", "schedule", "delete", "copy", "restore", f"up:{own}"):
            form = {"choice": choice, "profile": str(own)}
            assert client.post(at("extract_profiles"), form).status_code == 404
    assert ExtractFile.objects.count() == 0

    # Who looks after the district changes any.
    changed = typed(day, place=str(high.uuid), name="Own, mended", choice="save")
    assert admin.post(at("extract_profile", own), changed).status_code == 302
    assert ExtractProfile.objects.get(uuid=own).name == "Own, mended"


def test_a_profile_passes_over_those_that_its_owner_does_not_see(
    day: SchoolDay, owner: Client
) -> None:
    high = day.places.north_high
    colleague = signed_in_as("colleague@example.org", "test_coordinator", high)
    made = {
        name: saved(high, settings_for(high), by=f"{by}@example.org", name=name)
        for name, by in (("A", "colleague"), ("Hidden", "owner"), ("B", "colleague"))
    }
    assert names(colleague.get(at("extract_profiles"))) == ["A", "B"]
    colleague.post(at("extract_profiles"), {"choice": f"up:{made['B']}"})
    order = ExtractProfile.objects.order_by("position").values_list("name", flat=True)
    assert list(order) == ["B", "A", "Hidden"]
    colleague.post(at("extract_profiles"), {"choice": f"up:{made['B']}"})
    assert list(order.all()) == ["B", "A", "Hidden"]
    colleague.post(at("extract_profiles"), {"choice": f"down:{made['A']}"})
    assert list(order.all()) == ["B", "A", "Hidden"]


def test_files_are_sent_at_once_where_that_is_asked(day: SchoolDay, owner: Client) -> None:
    places = day.places
    high = places.north_high
    profile = saved(high, settings_for(high), by="owner@example.org")
    target = save_target(
        EVERYTHING, organization_uuid=high.uuid, name="Groups here", kind=TargetKind.ROLLBOOK,
        values={}, by=BY, now=NOW,
    )  # fmt: skip
    assert "Send to Groups here at once" in plain(owner.get(at("extract_profiles")))
    form = {"choice": "make", "profile": str(profile), "target": str(target)}
    owner.post(at("extract_profiles"), form)
    assert Delivery.objects.get().file == ExtractFile.objects.get()
    form["target"] = "00000000-0000-4000-8000-000000000000"
    assert owner.post(at("extract_profiles"), form).status_code == 404
    assert ExtractFile.objects.count() == 1
