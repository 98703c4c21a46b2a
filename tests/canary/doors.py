"""Every way out of the house, found by itself: addresses, commands, jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
from django.urls import URLPattern, URLResolver, get_resolver

from rollbook.cli.main import main
from rollbook.shared.scope import Permission

# Routes of django-allauth: its own views, each about nobody but the account that is signed in.
SIGN_IN = "Sign-in, by django-allauth: shows the reader's own account, never a student."
PREFIXES_OF_OTHERS = {"accounts/": SIGN_IN}


@dataclass(frozen=True)
class Route:
    """Hold one address pattern: its name, the words of its parameters, and its rule.

    An address of the API answers programs with tokens, never people.
    """

    name: str
    pattern: str
    parameters: tuple[str, ...]
    rule: str
    needs: Permission | None = None
    is_api: bool = False


def routes() -> list[Route]:
    """List every address that the installation answers."""
    return list(_walk(get_resolver().url_patterns, "", ()))


def _walk(patterns: Iterable[Any], above: str, words_above: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        path, words = above + str(pattern.pattern), words_above + _words(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path, words)
            continue
        assert isinstance(pattern, URLPattern)
        others = [rule for prefix, rule in PREFIXES_OF_OTHERS.items() if path.startswith(prefix)]
        rule = getattr(pattern.callback, "scope_rule", "") or "".join(others)
        needs = getattr(pattern.callback, "needs", None)
        is_api = getattr(pattern.callback, "is_api", False)
        yield Route(pattern.name or path, path, words, rule, needs, is_api)


def _words(pattern: Any) -> tuple[str, ...]:
    return tuple(pattern.converters) or tuple(pattern.regex.groupindex)


# What a command prints. The operator at the server's own shell sees everything; what may stand on a
# screen or in a terminal's history is decided here, before a command exists.
COMMANDS: Mapping[str, str] = {
    "accounts add": "Nothing of a student.",
    "accounts disable": "Nothing of a student.",
    "accounts enable": "Nothing of a student.",
    "accounts end-grant": "Nothing of a student.",
    "accounts grant": "Nothing of a student.",
    "accounts list": "Names and addresses of accounts; no student.",
    "accounts reset-password": "One new password, once.",
    "accounts sign-out": "Nothing of a student.",
    "assessments load": "Findings about assessments; no student is in those files.",
    "audit list": "Audit entries, which hold nobody's data.",
    "audit verify": "Numbers of audit entries.",
    "backup": "The size of a file. The file holds everything; its owner alone may read it.",
    "cards issue": "Counts. The file holds names, logins and codes; its owner alone may read it.",
    "cards list": "Titles of classes, counts.",
    "cards void": "Counts.",
    "clients add": "One new secret of a program, once.",
    "clients close": "Nothing of a student.",
    "clients list": "Names of programs and of organizations; no student.",
    "clients renew": "One new secret of a program, once.",
    "clients revoke": "Nothing of a student.",
    "deliveries add-target": "Nothing of a student.",
    "deliveries change-target": "Nothing of a student.",
    "deliveries check": "Steps of a connection.",
    "deliveries close-target": "Nothing of a student.",
    "deliveries empty-orphans": "Nothing of a student.",
    "deliveries fields": "Names of settings.",
    "deliveries list": "Names of files and targets.",
    "deliveries retry": "Nothing of a student.",
    "deliveries send": "Nothing of a student.",
    "deliveries show": "Names of groups; with --format json, as its help says, cells of a file.",
    "deliveries targets": "Settings without secrets.",
    "deliveries wanted": "Names of groups, counts, and mail addresses of colleagues.",
    "demo": "Made-up data, and an address.",
    "doctor": "Counts and settings.",
    "extracts copy": "Counts of choices.",
    "extracts delete": "Nothing of a student.",
    "extracts diff": "Names of groups, counts.",
    "extracts files": "Names of files, counts.",
    "extracts in-schedule": "Counts.",
    "extracts left-out": "Counts; with --names, as its help says, names and state ids.",
    "extracts move": "Nothing of a student.",
    "extracts profiles": "Names of profiles; no student.",
    "extracts restore": "Nothing of a student.",
    "extracts run": "Counts, warnings. A copy holds state ids; its owner alone may read it.",
    "extracts save": "Nothing of a student.",
    "extracts schedule": "Times, and the mail addresses of colleagues.",
    "extracts show": "Settings of a profile; no student.",
    "generate": "Made-up data.",
    "groups check": "Findings of the file that the operator gave: values of cells of that file.",
    "groups add": "Counts; of a file that the operator gave, numbers of lines.",
    "groups archive": "Counts.",
    "groups change": "Nothing of a student.",
    "groups commit": "Counts, names of checks.",
    "groups copy": "Counts.",
    "groups correct": "Counts, names of checks; what refuses a file that the operator sent.",
    "groups discard": "Counts, names of checks.",
    "groups create": "The public id of a group; of a file that somebody gave, numbers of lines.",
    "groups from-classes": "Public ids of groups.",
    "groups history": "Actions and addresses of users; with --names, as its help says, students.",
    "groups import": "Counts, names of checks; what refuses the file that the operator gave.",
    "groups imports": "Names of files; what refuses them, with --format json.",
    "groups list": "Names of groups, counts.",
    "groups part": "Counts, names of checks. The file holds rows; its owner alone may read it.",
    "groups refresh": "Counts.",
    "groups remove": "Counts; of a file that the operator gave, numbers of lines.",
    "groups restore": "Counts.",
    "groups resubmit": "A count.",
    "groups show": "A group, addresses of users; with --students, as its help says, its students.",
    "groups undo": "Counts, names of checks.",
    "groups users": "Counts.",
    "groups who": "Names and addresses of accounts, names of groups; no student.",
    "groups why": "Names of groups and organizations; no student.",
    "identity answer": "Nothing of a student.",
    "identity ask-again": "Nothing of a student.",
    "identity change-id": "Counts of a plan.",
    "identity duplicates": "Public ids and what differs; with --names, as its help says, names.",
    "identity merge": "Counts of a plan.",
    "identity questions": "Public ids and schools; with --names, as its help says, names.",
    "identity refuse": "Nothing of a student.",
    "identity release": "Nothing of a student.",
    "identity split": "Counts of a plan.",
    "identity transfers": "Public ids and districts; with --names, names as a roster sent them.",
    "identity two": "Nothing of a student.",
    "identity withdraw": "Nothing of a student.",
    "init": "One new password, of the first administrator, once.",
    "jobs cancel": "Jobs, whose arguments are ids.",
    "jobs list": "Jobs, whose arguments are ids.",
    "jobs retry": "Jobs, whose arguments are ids.",
    "jobs run": "Jobs, whose arguments are ids.",
    "jobs schedule": "Names of jobs, and times.",
    "jobs schedules": "Names of jobs, and times.",
    "mappings delete": "Nothing of a student.",
    "mappings list": "Names of mappings; no student.",
    "mappings save": "Names of columns, and of the values that grades and sexes are written in.",
    "mappings show": "Names of columns, and of the values that grades and sexes are written in.",
    "mappings use": "A file's name and its state; no student.",
    "migrate": "Names of migrations.",
    "orgs add": "Organizations.",
    "orgs list": "Organizations.",
    "plans again": "Counts of a plan.",
    "plans commit": "Counts of a plan.",
    "plans discard": "Counts of a plan.",
    "plans endorse": "Counts of a plan.",
    "plans list": "Counts of plans.",
    "plans show": "Counts; with --rows, as its help says, the students of the plan.",
    "plans undo": "Counts of a plan.",
    "readiness list": "Organizations, dates, counts, names of colleagues; no student.",
    "readiness mail": "Counts.",
    "readiness set": "Nothing of a student.",
    "readiness show": "Organizations, dates, counts, names of colleagues; no student.",
    "report run": "Counts and means.",
    "restore": "Names of folders.",
    "results check": "Findings of the files that the operator gave: values of cells of those.",
    "results load": "Findings of the files that the operator gave: values of cells of those.",
    "roster check": "Findings of the file that the operator gave: values of cells of that file.",
    "roster export": "Counts. The file holds a roster with names; its owner alone may read it.",
    "roster findings": "Findings of one file that came in: values of cells of that file.",
    "roster list": "Names of files, counts.",
    "roster load": "Findings of the file that the operator gave: values of cells of that file.",
    "sections count": "Counts by cause and school, names of sections; no student.",
    "sections propose": "Counts by cause and school, names of sections; no student.",
    "sections share": "The name of a source, and rules.",
    "sections use": "The ids of an intake and its plan.",
    "serve": "An address.",
    "sources add": "One source: no secret, no student.",
    "sources archive": "Nothing of a student.",
    "sources blackout": "Days.",
    "sources change": "The name of a source; no secret, no student.",
    "sources check": "Steps of a connection, in words: no secret, no student.",
    "sources fields": "What a kind of source must be told.",
    "sources list": "Names of sources, times.",
    "sources pause": "The name of a source.",
    "sources resume": "The name of a source.",
    "sources run": "Counts of records of one run.",
    "sources schedule": "A time.",
    "sources show": "Settings without secrets, times, counts of runs.",
    "students edit": "Names of columns.",
    "students edit-class": "Names of columns.",
    "students edit-staff": "Names of columns.",
    "students edits": "Names and values that were edited by hand, as its help says.",
    "students release": "The number of an edit.",
    "worker": "Runs jobs; each has a rule of its own.",
}


def commands() -> dict[str, click.Command]:
    """Return every command by the words one types."""
    return dict(_commands(main, ""))


def _commands(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        words = f"{above} {name}".strip()
        if isinstance(command, click.Group):
            yield from _commands(command, words)
        else:
            yield words, command
