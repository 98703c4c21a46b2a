"""Ask for every page as every reader, and look at every byte that comes back."""

from __future__ import annotations

import io
import logging
import random
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.messages.storage.cookie import CookieStorage
from django.core import mail
from django.test import Client
from django.urls import reverse

from rollbook.access.models import Account
from rollbook.access.rules import ROLES
from rollbook.config.logs import Line
from tests.canary.doors import Route, routes
from tests.canary.facts import FileOf, Program, Pupil, Reader, Token, World, accounts_in
from tests.canary.oracle import Oracle
from tests.canary.worlds import ASSESSMENTS, GRADES, YEAR

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ALL_ASSESSMENTS = "&".join(f"a={assessment}" for assessment, _subject, _kind in ASSESSMENTS)

# Which tokens a page may show: see Oracle.tokens. A route that is not named may show none.
PAGES = {
    "school_results": "results",
    "school_results_csv": "results",
    "group_results": "results",
    "student_results": "results",
    "find_student": "results",
    "students": "persons",
    "edit_student": "persons",
    "edits": "persons",
    "student_id": "persons",
    "duplicate_pair": "persons",
    "group": "persons",
    "my_groups": "persons",
    "onlookers": "persons",
    "groups": "persons",
    "group_uploads": "group files",
    "group_upload": "group files",
    "extract_file": "persons",
    "extract_file_left_out": "persons",
    "extract_file_download": "extracts",
    "delivery": "extracts",
    "roster_questions": "decisions",
    "roster_source_download": "export",
    "roster_plan": "plan",
    "roster_rows": "file",
    "roster_decide": "file",
    "roster_mapping": "file",
    "roster_sections": "file",
    "roster_findings": "file",
    "roster_findings_csv": "file",
    "roster_findings_json": "file",
    "roster_root_causes_csv": "file",
    "roster_excluded": "file",
    "roster_summary": "file",
    "result_intake": "file",
}
# Drawn at random, and so now and then equal to a token.
RANDOM_COOKIES = frozenset({"csrftoken", "sessionid"})
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
# Pages that show who may sign in, or who paused a source: to whoever may see that account.
OF_ACCOUNTS = frozenset(
    {
        "people", "person", "roster_source", "onlookers", "extract_profiles", "extract_profile",
        "extract_files", "extract_file", "deliveries", "delivery", "delivery_target",
        "delivery_target_do", "group",
    }
)  # fmt: skip
# A form that is sent until it is whole: what its reader typed stands in it.
SAYS_BACK = frozenset({"my_groups"})
# Pages that show by which addresses a group is read, to whoever opens the group.
OF_GROUPS = frozenset({"group", "groups"})
# Pages that name who sees to it that a place gets ready, and offer others for it.
OF_OWNERS = frozenset({"readiness", "readiness_csv", "readiness_of"})
# Would end the session that the canary rides on, by design and in test_sessions.py.
SIGNS_OUT = frozenset({"leave", "account_logout", "mfa_deactivate_totp"})
# Routes whose forms are about the record in the address.
CHANGES = frozenset(
    {
        "roster_decide", "roster_sections", "roster_source_do", "roster_source_download", "person",
        "duplicate_pair", "student_id", "group", "onlookers", "group_upload_decide",
        "extract_profile", "extract_file", "delivery",
    }
)  # fmt: skip
QUERIES: Mapping[str, tuple[str, ...]] = {
    "school_results": (f"{ALL_ASSESSMENTS}&view=claim",),
    "school_results_csv": (ALL_ASSESSMENTS,),
    "group_results": (f"{ALL_ASSESSMENTS}&view=claim",),
    "group_uploads": ("who=all",),
    "extract_file": ("", "view=left-out", "view=changes", "view=deliveries"),
    "delivery_target": ("", "compare=1"),
    "group_make": ("way=classes", "way=rule"),
    "roster_rows": ("table=students", "action=add&page=2"),
}
ADDRESSES = re.compile(r"""(?:href|action|src|value)="([^"]*[/?][^"]*)\"""")


@dataclass(frozen=True)
class Ask:
    """Hold one request: to which route, about which file, what it sends."""

    route: str
    path: str
    form: Mapping[str, str] | None = None
    file: FileOf | None = None


@dataclass
class Seen:
    """Hold what one answer showed."""

    ask: Ask
    status: int
    text: str
    addresses: str
    logged: str


@dataclass
class Leak:
    """Hold one thing that a reader was shown and the oracle does not allow."""

    reader: int
    ask: Ask
    what: str

    def __str__(self) -> str:
        method = "GET" if self.ask.form is None else "POST"
        return f"reader {self.reader} {method} {self.ask.path}: {self.what}"


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(Line().format(record))


@dataclass
class Canary:
    """Ask around one world."""

    world: World
    dice: random.Random
    breadth: int = 2  # how many ids of a kind each reader tries
    leaks: list[Leak] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)  # route -> tokens seen
    asked: int = 0

    def __post_init__(self) -> None:
        allowed = {role.code: frozenset(map(str, role.permissions)) for role in ROLES}
        self.oracle = Oracle(self.world, allowed)
        self.routes = [route for route in routes() if route.name not in SIGNS_OUT]
        self.log = _Log()

    def look_as(self, reader: Reader | None) -> None:
        """Ask for everything as one reader (None: nobody) and keep what leaks."""
        self.leaks += self.leaks_of(reader)

    def leaks_of(self, reader: Reader | None) -> Iterator[Leak]:
        """Ask for everything as one reader, and tell of each leak as it is seen."""
        client = signed_in(reader)
        for route in self.routes:
            for ask in self.asks(route, reader):
                yield from self.judge(reader, self.see(client, ask))
                if (
                    reader is not None
                    and reader.is_active
                    and "_auth_user_id" not in client.session
                ):
                    client = signed_in(reader)

    def leaks_of_program(self, program: Program) -> Iterator[Leak]:
        """Ask the API for everything as one program, and tell of each leak as it is seen."""
        client = Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {program.token}"}
        )
        for route in self.routes:
            for arguments in self._arguments(route) if route.is_api else []:
                ask = Ask(route.name, reverse(route.name, kwargs=arguments))
                allowed = self.oracle.tokens_for_program(program, route.name, arguments)
                yield from self._beyond(program, self.see(client, ask), allowed)

    def _beyond(self, program: Program, seen: Seen, allowed: set[Token]) -> Iterator[Leak]:
        shown = self.world.tokens_in(seen.text)
        self.shown[seen.ask.route] = self.shown.get(seen.ask.route, 0) + len(shown)
        logged = self.world.tokens_in(seen.logged) | self.world.tokens_in(seen.addresses)
        if beyond := (shown - allowed) | logged:
            yield Leak(program.id, seen.ask, f"program: {sorted(beyond)[:6]}")
        if seen.status >= 500 or accounts_in(seen.text + seen.logged):
            yield Leak(program.id, seen.ask, f"program: status {seen.status}, or an account")

    def see(self, client: Client, ask: Ask) -> Seen:
        """Send one request and collect all that comes out of the process."""
        self.asked += 1
        self.log.lines.clear()
        root = logging.getLogger()
        level = root.level
        root.addHandler(self.log)
        root.setLevel(logging.DEBUG)
        try:
            send = client.get if ask.form is None else client.post
            response = send(ask.path, ask.form)
        finally:
            root.removeHandler(self.log)
            root.setLevel(level)
        body = b"".join(response) if response.streaming else response.content
        headers = "\n".join(f"{name}: {value}" for name, value in response.items())
        cookies = "\n".join(
            _told(response, morsel)
            for morsel in response.cookies.values()
            if morsel.key not in RANDOM_COOKIES
        )
        letters = "\n".join(str(letter.message()) for letter in mail.outbox)
        text = CSRF.sub("", _unpacked(body).decode("utf-8", "replace"))
        addresses = "\n".join([response.get("Location", ""), *ADDRESSES.findall(text)])
        return Seen(
            ask,
            response.status_code,
            "\n".join([text, headers, cookies, letters]),
            addresses,
            "\n".join(self.log.lines),
        )

    def judge(self, reader: Reader | None, seen: Seen) -> Iterator[Leak]:
        """Compare what came out with what the oracle allows."""
        ask, world = seen.ask, self.world
        tokens, scores = world.tokens_in(seen.text), world.scores_in(seen.text)
        self.shown[ask.route] = self.shown.get(ask.route, 0) + len(tokens)
        number = -1 if reader is None else reader.number
        for what, beyond in (
            ("students", tokens - self._tokens(reader, ask)),
            ("scores", scores - self._scores(reader, ask)),
            ("accounts", accounts_in(seen.text) - self._accounts(reader, ask)),
            (
                "in an address",
                {token for token in world.tokens_in(seen.addresses) if token[1] != "o"},
            ),
            ("in the log", {token for token in world.tokens_in(seen.logged) if token[1] != "o"}),
            ("accounts in the log", accounts_in(seen.logged)),
        ):
            if beyond:
                yield Leak(number, ask, f"{what}: {sorted(beyond)[:6]}")
        if seen.status >= 500:
            yield Leak(number, ask, f"status {seen.status}")

    def _tokens(self, reader: Reader | None, ask: Ask) -> set[Token]:
        # A page may say the address that it was asked for.
        asked = {token for token in self.world.tokens_in(ask.path) if token[1] == "o"}
        page = PAGES.get(ask.route, "")
        if ask.route in SAYS_BACK:
            asked |= self.world.tokens_in(" ".join((ask.form or {}).values()))
        return asked if reader is None else asked | self.oracle.tokens(reader, page, ask.file)

    def _scores(self, reader: Reader | None, ask: Ask) -> set[int]:
        of_results = reader is not None and PAGES.get(ask.route) == "results"
        return self.oracle.scores(reader) if reader is not None and of_results else set()

    def _accounts(self, reader: Reader | None, ask: Ask) -> set[int]:
        if reader is None:
            return set()
        own = {reader.number}  # every page says whose it is
        if ask.route in OF_GROUPS:
            own |= self.oracle.users_of_groups(reader, with_former=ask.route == "group")
        if ask.route == "extract_file_download":
            own |= self.oracle.users_of_files(reader)
        if ask.route == "delivery_target":
            own |= self.oracle.users_at_targets(reader)
        if ask.route == "extract_schedule":
            own |= self.oracle.hears_of_runs(reader)
        if ask.route in OF_OWNERS:
            own |= self.oracle.owners(reader)
        if ask.route in OF_ACCOUNTS | OF_OWNERS:
            own |= self.oracle.accounts(reader)
        return own

    # What to ask.

    def asks(self, route: Route, reader: Reader | None) -> Iterator[Ask]:
        """Fill a route's parameters with ids of this world, allowed and not, and send its forms."""
        if route.pattern.startswith("accounts/") and reader is not None and reader.number > 1:
            return  # sign-in pages know nothing of roles: two readers and nobody are enough
        forms = FORMS.get(route.name, lambda _: [{}])(self)
        if route.name not in FORMS and reader is not None and reader.number % 5:
            forms = []  # a page without a form: now and then somebody sends one all the same
        for place, arguments in enumerate(self._arguments(route)):
            file = self._file(arguments.get("intake"))
            path = reverse(route.name, kwargs=arguments)
            for query in self._queries(route):
                yield Ask(route.name, f"{path}?{query}" if query else path, None, file)
            for form in forms if place == 0 or route.name in CHANGES else []:
                yield Ask(route.name, path, form, file)

    def _arguments(self, route: Route) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{}]
        if "other" in route.parameters:
            return self._pairs()
        for name in route.parameters:
            values = self._intakes(route) if name == "intake" else self._values(name)
            found = [{**known, name: value} for known in found for value in values]
        return found

    def _queries(self, route: Route) -> tuple[str, ...]:
        if route.name != "extract_schedule":
            return QUERIES.get(route.name, ("",))
        places = self._some(self.world.of_kind("district"), self.breadth)
        return ("", *(f"place={place.uuid}" for place in places))

    def _pairs(self) -> list[dict[str, Any]]:
        """Try students who look alike, and two at random."""
        numbers = [pupil.number for pupil in self._some(self._known(), 2)]
        pairs = [*self._some(self.world.pairs, self.breadth + 3), numbers]
        return [
            {
                "school_year": YEAR,
                "one": self.world.pupils[one].uuid,
                "other": self.world.pupils[other].uuid,
            }
            for one, other in pairs
        ]

    def _known(self) -> list[Pupil]:
        return [pupil for pupil in self.world.pupils.values() if pupil.id]

    def _intakes(self, route: Route) -> list[str]:
        """Try files of the route's own kind, and one of the other kind."""
        own, other = self.world.rosters, self.world.result_files
        if route.name.startswith("result_"):
            own, other = other, own
        planned = [file for file in own if file.holds_plan]
        tried = self._some(planned, self.breadth) + self._some(own, 1) + self._some(other, 1)
        return [file.uuid for file in tried]

    def _values(self, name: str) -> list[Any]:
        world = self.world
        few = self.breadth
        pools: dict[str, list[Any]] = {
            "school_year": [YEAR],
            "school": self._some([p.uuid for p in world.of_kind("school", "district")], few + 1),
            "grade": [self.dice.choice(GRADES)],
            "group": self._groups(),
            "student": self._some([p.uuid for p in world.pupils.values() if p.uuid], few + 3),
            "account": self._some([reader.uuid for reader in world.readers], few // 2),
            "job": self._some(list(world.jobs), 2),
            "source": self._some(world.sources, few),
            "staff": [unknown_id()],
            "class_taught": [unknown_id()],
            "pk": [1],
            "key": ["key"],
            "uidb36": ["1"],
            "server": ["default"],
            "upload": self._some([file.uuid for file in world.group_files], few),
            "profile": [
                uuid
                for file in self._some(world.extracts, few)
                for uuid in (file.profile, file.own_profile)
            ],
            "file": self._some([file.uuid for file in world.extracts], few),
            "target": self._some([file.target for file in world.extracts], few),
            "delivery": self._some([file.delivery for file in world.extracts], few),
            "number": self._some([file.number for file in world.group_files], few),
            "client": self._some([program.uuid for program in world.programs], few),
        }
        assert name in pools, f"tell the canary which ids to put for <{name}>"
        return pools[name]

    def _groups(self) -> list[str]:
        """Try groups of schools, and everybody's own: those are few."""
        plain = [group.uuid for group in self.world.groups if group.owner is None]
        own = [group.uuid for group in self.world.groups if group.owner is not None]
        return self._some(plain, self.breadth) + own

    def _some(self, values: list[Any], count: int) -> list[Any]:
        return self.dice.sample(values, min(count, len(values)))

    def some_pupils(self) -> list[Pupil]:
        """Return some students who are in the database, whoever may see them."""
        return self._some(self._known(), self.breadth + 2)

    def _file(self, name: object) -> FileOf | None:
        files = (*self.world.rosters, *self.world.result_files)
        return next((file for file in files if file.uuid == str(name)), None)


def _ssids(canary: Canary) -> list[dict[str, str]]:
    return [{"ssid": pupil.token("s")} for pupil in canary.some_pupils()]


def _decisions(canary: Canary) -> list[dict[str, str]]:
    choices = ("release", "withdraw", "add", "undo")
    subjects = canary._some(canary.world.decided_on, len(choices))
    return [
        {"choice": choice, "subject": subject}
        for choice, subject in zip(choices, subjects, strict=True)
    ]


def _searches(canary: Canary) -> list[dict[str, str]]:
    pupils = canary.some_pupils()
    words = [pupil.token(letter) for pupil in pupils[:1] for letter in "sil"]
    return [{"text": text} for text in ("ZQ", *words)]


def _words(canary: Canary) -> list[dict[str, str]]:
    return [{"words": search["text"], "choice": "find"} for search in _searches(canary)]


def _addresses(canary: Canary) -> list[dict[str, str]]:
    return [{"address": reader.email} for reader in canary._some(canary.world.readers, 2)]


def _on_profiles(canary: Canary) -> list[dict[str, str]]:
    file = canary.dice.choice(canary.world.extracts)
    choices = ("unschedule", "make", "nothing")
    return [{"words": "Grades"}, *({"choice": c, "profile": file.profile} for c in choices)]


def _typed(canary: Canary) -> dict[str, str]:
    """Look at what a profile of some schools would write, whoever writes groups there."""
    schools = [place.uuid for place in canary.world.of_kind("school")]
    kind = canary.dice.choice(("elementary_grades", "student_group", "counselor"))
    return {"choice": "preview", "kind": kind, "more-schools": "\n".join(schools)}


FORMS: Mapping[str, Callable[[Canary], list[dict[str, str]]]] = {
    "find_student": _ssids,
    "students": _searches,
    "people": lambda _: [{"search": "ZACC"}, {"search": "example.org"}],
    "person": lambda _: [{"choice": "nothing"}],
    "groups": lambda _: [{"choice": "download"}, {"words": "Group"}],
    "group": lambda canary: _words(canary)[:2],
    "my_groups": _words,
    "onlookers": _addresses,
    "group_make": lambda _: [{"way": "hand"}, {"way": "classes"}],
    "group_uploads": lambda _: [{"strict": "yes"}],
    "group_upload_decide": lambda _: [
        {"choice": "commit", "digest": "0" * 64},
        {"choice": "part"},
        {"choice": "correct"},
    ],
    "extract_profiles": _on_profiles,
    "extract_profile_add": lambda canary: [{}, _typed(canary), {"choice": "save"}],
    "extract_profile": lambda canary: [_typed(canary)],
    "extract_file": lambda _: [{"words": "Moss"}, {"choice": "send"}],
    "delivery": lambda _: [{"choice": "again"}],
    "delivery_target_do": lambda _: [{"choice": "nothing"}],
    "client": lambda _: [{"choice": "nothing"}],
    "clients": lambda _: [{"name": ""}],
    "roster_question_decide": _decisions,
    "roster_source_download": lambda _: [{"people": "yes"}, {"people": "no"}],
    "duplicate_pair": lambda _: [{"choice": "merge"}],
    "student_id": lambda _: [{"ssid": ""}],
    "readiness_of": lambda _: [{"choice": "owner", "owner": unknown_id()}],
    "roster_sections": lambda _: [{"who": "no_section|school-north"}, {"do": "csv"}],
    "roster_decide": lambda _: [{"choice": "all", "digest": "0" * 64}, {"choice": "undo"}],
    "roster_source_do": lambda _: [{"choice": "pause"}, {"choice": "run"}, {"choice": "summer"}],
}


def signed_in(reader: Reader | None) -> Client:
    """Return a browser in which this reader has signed in."""
    client = Client(raise_request_exception=False)
    if reader is not None:
        client.force_login(Account.objects.get(pk=reader.id), backend=BACKEND)
    return client


def unknown_id() -> str:
    """Return an id that nothing has."""
    return str(uuid.uuid4())


def _unpacked(body: bytes) -> bytes:
    """Return what is in a package, whose bytes say nothing; anything else as it is."""
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        return b"\n".join(package.read(name) for name in package.namelist())


def _told(response: Any, morsel: Any) -> str:
    """Read what a cookie says, also inside the signed one that carries messages."""
    if morsel.key != CookieStorage.cookie_name or not morsel.value:
        return f"{morsel.key}={morsel.value}"
    storage = CookieStorage(response.wsgi_request)
    return "\n".join(str(message) for message in storage._decode(morsel.value) or [])
