"""What a log line holds when something broke: kind, place and number, never a value."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from rollbook.config.logs import Line
from rollbook.config.server_log import ServerLog

# All but the one that looks for collected static files, which a test has not.
WITHOUT_STATIC = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]
TOKEN = "9876543210"  # stands for an SSID in the words of a database's error


def breaks(request: HttpRequest) -> HttpResponse:
    try:
        raise KeyError(f"Key (ssid)=({TOKEN}) already exists.")
    except KeyError as error:
        raise RuntimeError(f"student {TOKEN}\nis there") from error


urlpatterns = [path("breaks/", breaks)]
handler500 = "rollbook.web.errors.broken"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Collect what the root log writes, in the form that the settings give it."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(Line())
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


def test_a_failure_is_one_line_with_its_number_and_without_values(written: io.StringIO) -> None:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=WITHOUT_STATIC):
        response = Client(raise_request_exception=False).get("/breaks/")
    number = re.search(r"<strong>(\w{8})</strong>", response.content.decode())
    assert response.status_code == 500
    assert number is not None
    lines = written.getvalue().splitlines()
    assert len(lines) == 1
    assert f" request {number[1]} " in lines[0]
    assert re.search(r"\[builtins\.RuntimeError at .*test_logs\.py:\d+ breaks\]", lines[0])
    assert re.search(r"\[builtins\.KeyError at .*test_logs\.py:\d+ breaks\]", lines[0])
    assert TOKEN not in written.getvalue()


def test_an_exception_among_the_arguments_keeps_its_words(written: io.StringIO) -> None:
    logging.getLogger("rollbook.test").warning("lost %s", ValueError(TOKEN))
    assert written.getvalue().endswith(" WARNING rollbook.test lost ValueError\n")


def test_words_that_another_handler_kept_are_not_written() -> None:
    try:
        raise ValueError(TOKEN)
    except ValueError as error:
        raised = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "broke", None, raised)
    assert TOKEN in logging.Formatter().format(record)  # which keeps the words on the record
    assert TOKEN not in Line().format(record)


def test_every_handler_writes_such_lines() -> None:
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == "rollbook.config.logs.Line"
    django_loggers = [
        logging.getLogger(name) for name in ("django", "django.server", "django.request")
    ]
    assert [logger.handlers for logger in django_loggers] == [[], [], []]
    assert all(logger.propagate for logger in django_loggers)


def test_the_server_writes_such_lines() -> None:
    from gunicorn.config import Config

    log = ServerLog(Config())
    assert {type(handler.formatter) for handler in log.error_log.handlers} == {Line}
