"""Which column is what: the page and the commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rollbook.cli import mappings as commands
from rollbook.cli import terminal
from rollbook.cli.mappings import mappings
from rollbook.cli.roster import roster
from rollbook.jobs.models import Job
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SavedMapping
from rollbook.roster.rules.mapping import ColumnMapping, fingerprint
from rollbook.web import receiving
from tests.faces.conftest import SignIn
from tests.factories.result_files import zipped
from tests.unit.files.workbooks import workbook

pytestmark = pytest.mark.django_db

TEXT = (
    "Stu ID;Last;First;Grade;DOB;School\n"
    "00123;Soto;Eli;3rd;3/4/2018;North High\n"
    "00124;Ito;Ana;Kinder X;5/6/2018;North High\n"
)


def test_an_upload_without_a_mapping_leads_to_the_question_and_on(sign_in: SignIn) -> None:
    client = sign_in()
    sent = {"bundle": SimpleUploadedFile("students.csv", TEXT.encode()), "profile": "lenient"}
    answer = client.post(reverse("rosters", args=[2027]), sent)
    intake = Intake.objects.get()
    address = reverse("roster_mapping", args=[2027, intake.uuid])
    assert answer.headers["Location"] == address
    page = client.get(address).content.decode()
    assert "Which column is what in students.csv?" in page
    assert '<option value="Stu ID" selected>Stu ID</option>' in page
    assert "separated by semicolons" in page
    assert "Month first or day first?" in page
    assert "was 3rd" in page
    form = {
        "column-local_id": "Stu ID", "column-last_name": "Last", "column-first_name": "First",
        "column-grade": "Grade", "column-birth_date": "DOB", "order-birth_date": "dmy",
        "said-grade": ["3rd", "kinder x"], "meant-grade": ["03", "KG"],
    }  # fmt: skip
    lacking = client.post(address, form | {"action": "use"})
    assert "School number or School name" in lacking.content.decode()
    shown = client.post(address, form | {"action": "preview", "default-school_name": "North"})
    assert "2018-04-03" in shown.content.decode()
    used = client.post(
        address, form | {"action": "use", "column-school_name": "School", "name": "Ours"}
    )
    assert used.headers["Location"] == reverse("roster_plan", args=[2027, intake.uuid])
    saved = SavedMapping.objects.get()
    assert (saved.name, saved.mapping["values"]["grade"]) == (
        "Ours",
        {"3rd": "03", "kinder x": "KG"},
    )
    intake.refresh_from_db()
    assert (intake.status, intake.verdict) == ("planned", "ok")


def test_a_large_upload_asks_at_once_and_goes_to_a_worker_only_when_its_header_is_known(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKED_AT_ONCE_BYTES", 1)
    client = sign_in()

    def sent(text: str) -> str:
        bundle = SimpleUploadedFile("students.csv", text.encode())
        return client.post(reverse("rosters", args=[2027]), {"bundle": bundle}).headers["Location"]

    address = sent(TEXT)
    waiting = Intake.objects.get()
    assert address == reverse("roster_mapping", args=[2027, waiting.uuid])
    assert (waiting.format, Job.objects.count()) == ("mapped", 0)
    header = TEXT.splitlines()[0].split(";")
    SavedMapping.objects.create(
        fingerprint=fingerprint(header), mapping={}, saved_at=datetime(2026, 9, 15, tzinfo=UTC)
    )
    known = sent(TEXT + "00125;Ng;Al;4;5/6/2017;North High\n")
    latest = Intake.objects.latest("id")
    assert known == reverse("roster_plan", args=[2027, latest.uuid])
    assert Job.objects.count() == 1


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_file_without_columns_to_ask_about_breaks_nothing(
    sign_in: SignIn, settings: LazySettings, is_gone: bool
) -> None:
    client = sign_in()
    sent = {"bundle": SimpleUploadedFile("bundle.zip", zipped({"notes.txt": b"none"}))}
    client.post(reverse("rosters", args=[2027]), sent | {"profile": "lenient"})
    intake = Intake.objects.get()
    if is_gone:
        (settings.FILES_ROOT / "intakes" / f"{intake.sha256}.zip").unlink()
    answer = client.get(reverse("roster_mapping", args=[2027, intake.uuid]), follow=True)
    assert answer.status_code == 200
    assert ("not kept here any more" in answer.content.decode()) == is_gone


def test_the_separator_is_shown_and_corrected(sign_in: SignIn) -> None:
    client = sign_in()
    text = "Stu ID|Last, First|Grade|School|Bus, stop, and time, or none\n1|Soto, Eli|3|North|A\n"
    client.post(
        reverse("rosters", args=[2027]),
        {"bundle": SimpleUploadedFile("students.txt", text.encode())},
    )
    address = reverse("roster_mapping", args=[2027, Intake.objects.get().uuid])
    guessed = client.get(address).content.decode()
    assert '<option value="">As the header shows: Commas</option>' in guessed
    wrong = {"column-local_id": "Stu ID|Last", "separator": "|"}
    corrected = client.post(address, wrong | {"action": "use"}).content.decode()
    assert "The columns are others now." in corrected
    assert '<option value="|" selected>Bars</option>' in corrected
    assert '<option value="Stu ID" selected>Stu ID</option>' in corrected
    form = {
        "column-local_id": "Stu ID", "column-full_name": "Last, First", "column-grade": "Grade",
        "column-school_name": "School", "separator": "|", "action": "use",
    }  # fmt: skip
    assert client.post(address, form).status_code == 302
    intake = Intake.objects.get()
    assert (intake.status, intake.reading["mapping"]["separator"]) == ("planned", "|")
    # The next file with this header is separated so without a word.
    sent = SimpleUploadedFile("students.txt", text.encode() + b"2|Ito, Ana|4|North|B\n")
    client.post(reverse("rosters", args=[2027]), {"bundle": sent})
    assert Intake.objects.latest("id").status == "planned"


def test_the_sheet_of_a_workbook_is_chosen(sign_in: SignIn) -> None:
    client = sign_in()
    rows = [["Stu ID", "Last", "First", "School"], [1, "Soto", "Eli", "North"]]
    book = workbook({"Read me": [["How to use this file"], ["See the next sheet"]], "Kids": rows})
    client.post(
        reverse("rosters", args=[2027]), {"bundle": SimpleUploadedFile("students.xlsx", book)}
    )
    address = reverse("roster_mapping", args=[2027, Intake.objects.get().uuid])
    assert '<option value="Kids">Kids</option>' in client.get(address).content.decode()
    chosen = {"column-local_id": "How to use this file", "sheet": "Kids", "action": "preview"}
    shown = client.post(address, chosen).content.decode()
    assert '<option value="Kids" selected>Kids</option>' in shown
    assert '<option value="Stu ID" selected>Stu ID</option>' in shown


def test_a_header_that_is_known_is_listed_and_forgotten(sign_in: SignIn) -> None:
    client = sign_in()
    saved = SavedMapping.objects.create(
        name="Ours",
        fingerprint="f",
        mapping={"columns": {"local_id": "Stu ID"}},
        saved_by="x",
        saved_at=datetime(2026, 9, 15, tzinfo=UTC),
    )
    address = reverse("roster_mappings", args=[2027])
    assert "Local student ID: Stu ID" in client.get(address).content.decode()
    client.post(address, {"mapping": "no uuid"})
    assert SavedMapping.objects.count() == 1
    client.post(address, {"mapping": str(saved.uuid)})
    assert SavedMapping.objects.count() == 0


def test_who_may_not_send_rosters_says_nothing_about_columns(sign_in: SignIn) -> None:
    client = sign_in("teacher")
    missing = reverse("roster_mapping", args=[2027, "00000000-0000-4000-8000-000000000000"])
    assert client.get(missing).status_code == 403


def test_the_commands_save_show_use_and_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "start_django", lambda: None)
    path = tmp_path / "students.csv"
    path.write_text(TEXT, encoding="utf-8")

    def run(*words: str) -> str:
        done = CliRunner().invoke(mappings, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "Local student ID ← Stu ID" in run(
        "save", str(path), "--name", "Ours", "--date-order", "birth_date=mdy"
    )
    saved = SavedMapping.objects.get()
    assert "Ours" in run("list")
    assert "mdy" in run("show", str(saved.uuid))
    assert "Deleted." in run("delete", str(saved.uuid))
    assert SavedMapping.objects.count() == 0
    run("save", str(path), "--name", "Bars", "--separator", "bars", "--column", "local_id=Stu ID",
        "--mapping", str(_as_json(tmp_path)))  # fmt: skip
    bars = SavedMapping.objects.get()
    assert (bars.mapping["separator"], bars.header[0]) == ("|", "Stu ID")
    assert "Separated by bars." in run("show", str(bars.uuid))
    wrong = CliRunner().invoke(commands.mappings, ["save", str(path), "--column", "colour=x"])
    assert wrong.exit_code == 2


COLUMNS = {
    "local_id": "Stu ID", "last_name": "Last", "first_name": "First", "grade": "Grade",
    "birth_date": "DOB", "school_name": "School",
}  # fmt: skip


def _as_json(folder: Path) -> Path:
    path = folder / "mapping.json"
    values = {"grade": {"3rd": "03", "kinder x": "KG"}}
    said = ColumnMapping(COLUMNS, values=values, date_orders={"birth_date": "mdy"})
    path.write_text(json.dumps(said.as_json()), encoding="utf-8")
    return path


def test_a_mapped_file_is_checked_without_an_installation(tmp_path: Path) -> None:
    path, said = tmp_path / "students.csv", _as_json(tmp_path)
    path.write_text(TEXT, encoding="utf-8")

    def check(*words: str) -> Result:
        return CliRunner().invoke(roster, ["check", str(path), "--profile", "lenient", *words])

    done = check("--mapping", str(said))
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        "students.csv: ok. 2 demographics, 1 orgs, 2 roles, 2 users",
    )
    assert "ROS-707" in check().output
    assert "FIL-102" in check("--layout", "oneroster_csv").output
    assert check("--layout", "clever_csv", "--mapping", str(said)).exit_code == 2
    said.write_text("[]", encoding="utf-8")
    assert check("--mapping", str(said)).exit_code == 2


def test_a_file_is_loaded_by_a_saved_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "start_django", lambda: None)
    path = tmp_path / "students.csv"
    path.write_text(TEXT, encoding="utf-8")
    kept = {"fingerprint": "of another header", "saved_at": datetime(2026, 9, 15, tzinfo=UTC)}
    said = json.loads(_as_json(tmp_path).read_text(encoding="utf-8"))
    SavedMapping.objects.create(name="Ours", mapping=said, **kept)
    none = CliRunner().invoke(roster, ["load", str(path), "--mapping", "Theirs"])
    assert (none.exit_code, Intake.objects.count()) == (1, 0)
    done = CliRunner().invoke(roster, ["load", str(path), "--mapping", "Ours"])
    assert (done.exit_code, Intake.objects.get().status) == (0, "planned")
