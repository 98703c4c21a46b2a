"""Fixed phrases of Django-free code that pages show, named here so that they are translated.

`{% translate variable %}` and `said` look them up; `said` also finds sentences that hold values.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from rollbook.web import shown_delivery_words, shown_finding_words, shown_group_words

# What the connectors ask for: `roster/sources`, each connector's `fields`.
SETTINGS: Final = (
    _("Folder"),
    _("Server"),
    _("Port"),
    _("User"),
    _("Password"),
    _("Private key"),
    _("Passphrase of the key"),
    _("Folder on the server"),
    _("Fingerprint of the server"),
    _("Address of the OneRoster server"),
    _("OneRoster version"),
    _("Address where Rollbook signs in"),
    _("Client id"),
    _("Client secret"),
    _("Scopes"),
    _("How the id and secret are sent"),
    _("Token of the district"),
    _("Clever id of the district"),
    _("Address of the Data API"),
    _("Address of the tokens"),
    _("Records per page"),
    _("Days between full pulls"),
)
HINTS: Final = (
    _("Below the installation's own folder."),
    _(
        "Check the connection to see it. Compare it with what the server's administrator says,"
        " and paste it here."
    ),
    _("Leave empty to ask for the rostering scopes of the version."),
    _("In place of a client id and secret."),
    _("Needed when several districts are connected."),
)
CHOICES: Final = (_("In a header (usual)"), _("In the form"))
# What a check of a connection tries.
STEPS: Final = (
    _("Read what is kept of this source"),
    _("Find the folder"),
    _("Choose files"),
    _("Find the server"),
    _("Know the server again"),
    _("Sign in and read the folder"),
    _("Find the sign-in"),
    _("Sign in"),
    _("Read organizations"),
    _("Read people"),
    _("Find Clever"),
    _("Read the district"),
    _("Read schools"),
    _("Read students"),
    _("Read sections"),
)
# What the repairs that can be switched off are called, and why they are made.
REPAIRS: Final = (
    (_("Mode in another spelling"), _("The words are lower case; spreadsheets capitalize.")),
    (
        _("Column repeated word for word"),
        _("Exports that join tables repeat columns; a true copy says nothing new."),
    ),
    (
        _("Row repeated word for word"),
        _("Exports that join tables repeat rows; a true copy says nothing new."),
    ),
    (
        _("Unseen characters removed"),
        _("Copying from web pages and documents brings marks without width along."),
    ),
    (
        _("Spaces around a value"),
        _(
            "Spreadsheets and fixed-width exports leave spaces behind; two ids that differ only"
            " by one would be two people."
        ),
    ),
    (
        _("Line break inside a value"),
        _("The standard forbids line breaks inside a field, even quoted; note fields have them."),
    ),
    (
        _("Spaces or empty items in a list"),
        _("Lists made by hand read `a, b`; the standard allows only `a,b`."),
    ),
    (
        _("True or false in another spelling"),
        _("Databases write 1 and 0, spreadsheets TRUE and FALSE."),
    ),
    (
        _("Word in another case"),
        _("Vocabularies are case sensitive; exports often write `Scheduled` or `Student`."),
    ),
    (
        _("Status of OneRoster 1.0"),
        _("Version 1.0 said `inactive` where 1.1 and 1.2 say `tobedeleted`."),
    ),
    (
        _("Date written month first or day first"),
        _(
            "Spreadsheets rewrite dates in local style. The order is decided by all the dates of"
            " the file, never by one cell."
        ),
    ),
    (_("Date with a time of day"), _("Databases export dates as moments at midnight.")),
    (
        _("Moment in another form"),
        _(
            "Only the exact form is allowed, yet dates alone and moments without milliseconds"
            " are common."
        ),
    ),
    (_("School year as a range"), _("People say 2026-2027; the standard says 2027.")),
    (
        _("Grade in another spelling"),
        _("Spreadsheets cut leading zeros; schools say K for kindergarten."),
    ),
    (_("Whole number with decimals"), _("Spreadsheets write 10 as 10.0.")),
    (
        _("Optional reference to a record that is not there"),
        _("The record makes sense without it."),
    ),
)
# What is wrong with what was typed of a source, of its days, or of a record that is edited.
FAULTS: Final = (
    _("Choose a district: rosters come by district."),
    _("A source of another kind is another source. Add it."),
    _("Give the source a name of up to 120 characters."),
    _("This district has a source of this name already."),
    _("Choose how often to look from the list."),
    _("Choose how the columns of these files are read."),
    _("Write a percentage from 0 to 100."),
    _("Write a number of students from 1, or leave it blank."),
    _("Write limits as percentages from 0 to 100 and as whole numbers."),
    _("Only who may approve rosters lets plans go in by themselves."),
    _("Only who may approve rosters asks fewer plans for two."),
    _(
        "Type this again: the address has changed, and a secret goes only to where it was meant"
        " for."
    ),
    _("Blackout days end before they begin. Swap the two dates."),
    _("Choose at least one day of the week."),
    _("This time zone is not known. Write one like America/Chicago."),
    _("Type a value; this one is never blank."),
    _("Type it in one line, without control characters."),
    _("Type an address such as name@example.org."),
    _("Type a day between 1900 and today."),
)
FAULTS_OF_SETTINGS: Final = (
    _("%(label)s is needed."),
    _("%(label)s is too long."),
    _("%(label)s is a number."),
    _("%(label)s: choose one of those listed."),
    _("%(label)s is a whole address, such as https://example.org."),
    _("%(label)s holds a password. Write the address alone."),
)
# Why an account, a role or a job stays as it is; of programs see `shown_group_words`.
REFUSALS: Final = (
    _("Somebody already signs in with this address. Give them a role."),
    _("You do not make accounts. Ask an administrator."),
    _("You cannot do this to your own account. Ask another administrator."),
    _("No such account, or not one that you may see."),
    _("This account holds a role that you could not give. Ask who could."),
    _("A role ends after it starts. Choose a later end."),
    _("No such account."),
    _("You cannot give yourself a role. Ask another administrator."),
    _("No such role given, or not one that you may end."),
    _("You do not give roles at this organization. Ask an administrator of it."),
    _("This job has not failed. Wait until it is over."),
    _("This job is over already."),
)
# Why a plan changes a record.
REASONS: Final = (
    _("new in the file"),
    _("the file says so"),
    _("no longer in the file"),
    _("marked as deleted in the file"),
    _("leaves with the record it belongs to"),
    _("the file names other schools for them"),
    _("the student has moved to another school"),
    _("left one school and came to another"),
    _("another id of a student"),
    _("found to be the same student"),
    _("in use again"),
    _("the id was changed by hand"),
    _("an older id"),
    _("edited here"),
)
# What the page of a preflight says to do first, where it holds no value.
FIRST_STEPS: Final = (
    _(
        "Correct the rows in the file of excluded rows and send that file alone, or correct them in"
        " the source system and send the roster again."
    ),
    _(
        "Correct the rows in the source system and send the roster again. The file of excluded rows"
        " may be sent alone only where rosters add and change and never archive."
    ),
    _("Look at the plan: it waits for somebody to approve it."),
    _("Nothing has to be done about this file."),
    _("Nothing is left out."),
)
# Levels of the school system, and grades, as `OrganizationKind` and `Grade` say them.
LEVELS: Final = (
    _("State"),
    _("Group of districts"),
    _("District"),
    _("Group of schools"),
    _("School"),
)
GRADES: Final = (
    _("Ungraded"),
    _("Infant"),
    _("Preschool"),
    _("Prekindergarten"),
    _("Transitional kindergarten"),
    _("Kindergarten"),
    _("Grade 1"),
    _("Grade 2"),
    _("Grade 3"),
    _("Grade 4"),
    _("Grade 5"),
    _("Grade 6"),
    _("Grade 7"),
    _("Grade 8"),
    _("Grade 9"),
    _("Grade 10"),
    _("Grade 11"),
    _("Grade 12"),
    _("Grade 13"),
    _("Postsecondary"),
    _("Other"),
)


_HOLE: Final = re.compile(r"%\((\w+)\)s")
# Holes that hold nothing but a number, the name of a column, that of a file; others, any text.
_HELD_BY: Final = {"n": "[0-9][0-9,]*", "column": "[a-z_]+", "file": r".+?\.\w{1,5}"}
_NEXT_SENTENCE: Final = re.compile(r"(?<=[.?])(?=\s+[\"{A-Z])")


def _shape(phrase: str) -> re.Pattern[str]:
    """Return what finds a phrase again once its holes are filled."""
    parts, seen = _HOLE.split(phrase), set[str]()
    for place in range(1, len(parts), 2):
        name = parts[place]
        held = _HELD_BY.get(name, ".+?")
        parts[place] = f"(?P={name})" if name in seen else f"(?P<{name}>{held})"
        seen.add(name)
    parts[::2] = map(re.escape, parts[::2])
    return re.compile("".join(parts), re.DOTALL)


# The longest first: a hole at the end of a shorter one would swallow the rest of it.
_SHAPES: Final = tuple(
    (phrase, _shape(phrase))
    for phrase in sorted(
        (*shown_group_words.ALL, *shown_delivery_words.ALL, *shown_finding_words.ALL),
        key=lambda phrase: -len(_HOLE.sub("", phrase)),
    )
    if _HOLE.search(phrase)
)


def said(phrase: str) -> str:
    """Return a phrase in the reader's language; one that is not listed here stays as it is.

    Shape: where several sentences are not listed together, each is looked up by itself.
    """
    sentences, told = _NEXT_SENTENCE.split(phrase), ""
    while sentences:
        end = next((n for n in range(len(sentences), 0, -1) if _found(_joined(sentences, n))), 1)
        text = _joined(sentences, end)
        start = text[: len(text) - len(text.lstrip())]
        told += start + (_found(text) or text.lstrip())
        del sentences[:end]
    return told


def _joined(sentences: list[str], count: int) -> str:
    return "".join(sentences[:count])


def _found(text: str) -> str:
    """Return a phrase in the reader's language; nothing for one that is not listed."""
    phrase = text.strip()
    known = gettext(phrase) if phrase else ""  # the catalog keeps its own head under ""
    if known != phrase:
        return known
    for label in (*SETTINGS, *shown_delivery_words.TARGET_SETTINGS):
        about = "%(label)s" + phrase.removeprefix(label)
        if phrase.startswith(label) and about in FAULTS_OF_SETTINGS:
            return gettext(about) % {"label": gettext(label)}
    for listed, shape in _SHAPES:
        if match := shape.fullmatch(phrase):
            return gettext(listed) % {name: _held(name, t) for name, t in match.groupdict().items()}
    return ""


def _held(name: str, text: str) -> str:
    """Return what a hole holds, in the reader's language where it is words of ours."""
    if name == "fields":
        return text.replace(" or ", gettext(" or "))
    return said(text) if name.startswith("what") else text
