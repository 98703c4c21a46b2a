"""Mail, with a real SMTP server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message as Letter
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import transaction

from rollbook.jobs.actions import run_next
from rollbook.jobs.models import Job
from rollbook.messages.actions import queue_mail
from rollbook.messages.models import Mail
from tests.factories.accounts import BY, NOW

pytestmark = pytest.mark.django_db
SUBJECT, BODY = "Ein Plan wartet · 14 Sep", "A change plan of Sample District is on hold.\n"


class Server:
    """Take letters, after answering as a test says."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.answers: list[str] = []
        self.refusals: list[str] = []
        self.drops_reply = False

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(message_from_bytes(envelope.content))
        if self.drops_reply:
            self.drops_reply = False
            server.transport.abort()
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    server = Server()
    port = _free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.BASE_URL = "https://rollbook.example:8443"
    yield server
    controller.stop()


def write(key: str = "") -> None:
    queue_mail("pat@example.org", subject=SUBJECT, body=BODY, dedupe_key=key, by=BY, now=NOW)


def run_all(*, hours: int = 1) -> None:
    """Run what is due, as if time passed between attempts."""
    for minute in range(60 * hours):
        if not Job.objects.filter(status="queued").exists():
            return
        run_next("w", now=NOW + timedelta(minutes=2 * minute))


def test_a_letter_is_sent_once(server: Server) -> None:
    write()
    run_all()
    [letter] = server.letters
    mail = Mail.objects.get()
    assert (letter["To"], letter["Message-ID"]) == (
        "pat@example.org", f"<{mail.uuid}@rollbook.example>",
    )  # fmt: skip
    payload = letter.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n") == BODY
    assert (mail.status, mail.attempt_count, mail.error) == ("sent", 1, "")
    assert mail.sent_at is not None
    assert Job.objects.get().outcome == {"status": "sent"}


def test_a_name_in_a_subject_begins_no_header(server: Server) -> None:
    name = "Our SIS\r\nBcc: stranger@example.org\r\n\r\nHello"
    queue_mail("pat@example.org", subject=f"About {name}", body="Body\n", by=BY, now=NOW)
    run_all()
    (letter,) = server.letters
    assert letter["Subject"] == "About Our SIS Bcc: stranger@example.org Hello"
    assert (letter["To"], letter["Bcc"]) == ("pat@example.org", None)


def test_a_letter_goes_back_with_the_transaction_that_wrote_it(server: Server) -> None:
    def write_and_break() -> None:
        with transaction.atomic():
            write()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_break()
    assert not Mail.objects.exists()
    assert not Job.objects.exists()


def test_a_letter_with_a_key_is_written_once(server: Server) -> None:
    write("digest:1")
    write("digest:1")
    run_all()
    write("digest:1")
    run_all()
    assert len(server.letters) == Mail.objects.count() == Job.objects.count() == 1


def test_a_busy_server_is_asked_again(server: Server) -> None:
    server.refusals = ["450 mailbox busy"]
    server.answers = ["451 try later", "421 closing"]
    write()
    run_all()
    mail = Mail.objects.get()
    assert (mail.status, mail.attempt_count, len(server.letters)) == ("sent", 4, 1)


@pytest.mark.parametrize("at", ["recipient", "letter"])
def test_a_final_refusal_is_kept_with_its_code_and_without_the_address(
    server: Server, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = ["550 5.1.1 <pat@example.org> is unknown"]
    if at == "recipient":
        server.refusals = refusal
    else:
        server.answers = refusal
    write()
    run_all()
    mail, job = Mail.objects.get(), Job.objects.get()
    assert (mail.status, mail.attempt_count, job.status, job.attempt_count) == (
        "failed", 1, "failed", 1,
    )  # fmt: skip
    assert mail.error in {"SMTPRecipientsRefused 550", "SMTPDataError 550"}
    assert job.error == "The mail server refused the letter with code 550."
    logged = [record.getMessage() for record in caplog.records if record.name[:8] == "rollbook"]
    assert logged != []
    assert "pat@example.org" not in "".join([*logged, mail.error, job.error])
    assert server.letters == []


def test_a_server_that_stays_away_fails_the_letter_in_the_end(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens on port 1
    write()
    run_all()
    mail, job = Mail.objects.get(), Job.objects.get()
    assert (mail.status, mail.attempt_count, mail.error) == ("failed", 8, "ConnectionRefusedError")
    assert (job.status, job.attempt_count) == ("failed", 8)


def test_a_lost_reply_sends_the_same_letter_again_not_another(server: Server) -> None:
    """Nobody can know whether the server took it; mail systems drop the copy by its Message-ID."""
    server.drops_reply = True
    write()
    run_all()
    assert len({letter["Message-ID"] for letter in server.letters}) == 1
    assert [mail.status for mail in Mail.objects.all()] == ["sent"]


def test_a_job_that_is_delivered_twice_sends_one_letter(server: Server) -> None:
    write()
    run_all()
    Job.objects.update(status="queued", attempt_count=0)
    run_all()
    assert len(server.letters) == 1
