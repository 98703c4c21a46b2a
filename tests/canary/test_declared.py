"""A new address, command or job does not pass unless it says whose data it shows."""

from __future__ import annotations

from rollbook.jobs.register import all_kinds
from tests.canary.asking import PAGES, SIGNS_OUT
from tests.canary.doors import COMMANDS, commands, routes

LEAST_WORDS = 3


def test_every_route_declares_whose_data_it_shows() -> None:
    assert [route.pattern for route in routes() if len(route.rule.split()) < LEAST_WORDS] == []


def test_every_route_has_a_name_of_its_own() -> None:
    names = [route.name for route in routes()]
    assert sorted(names) == sorted(set(names))


def test_tables_of_the_canary_name_routes_that_exist() -> None:
    assert {*PAGES, *SIGNS_OUT} - {route.name for route in routes()} == set()


def test_every_command_says_what_it_prints() -> None:
    assert set(COMMANDS) == set(commands())
    assert [name for name, command in commands().items() if not command.help] == []


def test_every_job_declares_whose_data_it_sees() -> None:
    kinds = all_kinds()
    assert len(kinds) > 0
    assert [
        name for name, kind in kinds.items() if len(kind.scope_rule.split()) < LEAST_WORDS
    ] == []
