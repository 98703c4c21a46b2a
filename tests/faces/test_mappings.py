"""Which column is what: the page and the commands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rollbook.cli import mappings as commands
from rollbook.cli import terminal
from rollbook.cli.mappings import mappings
from rollbook.jobs.models import Job
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SavedMapping
from rollbook.roster.rules.mapping import fingerprint
from rollbook.web import receiving
from tests.faces.conftest import SignIn
from tests.factories.result_files import zipped

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
    wrong = CliRunner().invoke(commands.mappings, ["save", str(path), "--column", "colour=x"])
    assert wrong.exit_code == 2
