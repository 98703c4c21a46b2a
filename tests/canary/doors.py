"""Every way out of the house, found by itself: addresses, commands, jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
from django.urls import URLPattern, URLResolver, get_resolver

from rollbook.cli.main import main

# Routes of django-allauth: its own views, each about nobody but the account that is signed in.
SIGN_IN = "Sign-in, by django-allauth: shows the reader's own account, never a student."
PREFIXES_OF_OTHERS = {"accounts/": SIGN_IN}


@dataclass(frozen=True)
class Route:
    """Hold one address pattern: its name, the words of its parameters, and its rule."""

    name: str
    pattern: str
    parameters: tuple[str, ...]
    rule: str


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
        yield Route(pattern.name or path, path, words, rule)


def _words(pattern: Any) -> tuple[str, ...]:
    return tuple(pattern.converters) or tuple(pattern.regex.groupindex)


# What a command may print. The operator at the server's own shell sees everything (style: a
# command's name says so when it prints students); every command must be named here to exist.
COMMANDS: Mapping[str, str] = {
    "init": "Prints one new password, of the first administrator, once.",
    "migrate": "Names of migrations.",
    "serve": "An address.",
    "worker": "Runs jobs; each has a rule of its own.",
    "doctor": "Counts and settings.",
    "backup": "The size of a file. The file holds everything and is readable by its owner only.",
    "restore": "Names of folders.",
    "demo": "Made-up data, and an address.",
    "generate": "Made-up data.",
    "roster check": "Findings of the file that the operator gave: values of cells of that file.",
    "roster load": "Findings of the file that the operator gave: values of cells of that file.",
    "assessments load": "Findings about assessments; no student is in those files.",
    "results check": "Findings of the files that the operator gave: values of cells of those.",
    "results load": "Findings of the files that the operator gave: values of cells of those.",
    "report run": "Counts and means.",
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
