"""Random worlds from a seed, written to the database, the lake and the files of an installation."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from allauth.mfa.models import Authenticator
from django.conf import settings

from rollbook.access.models import Account, ApiClient, ApiSecret, ApiToken, Grant
from rollbook.access.queries import digest_of
from rollbook.access.rules import ROLES
from rollbook.audit.actions import record
from rollbook.changes.actions import propose_plan, reserve_ids
from rollbook.changes.types import TableChanges
from rollbook.groups.models import GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.jobs.models import Job
from rollbook.lake.columns import frame_types
from rollbook.messages.models import Message
from rollbook.orgs.actions import rebuild_links
from rollbook.orgs.models import AcademicSession, Organization
from rollbook.people.layouts import STUDENTS
from rollbook.people.models import LocalEdit, SchoolEnrollment, Student
from rollbook.results.layouts import RESULTS, SUBSCORES
from rollbook.results.models import ResultIntake
from rollbook.results.queries.store import lake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import EnrollmentQuestion, TransferRequest
from rollbook.roster.models.readiness import Readiness
from rollbook.roster.models.sources import Source, SyncRun
from rollbook.roster.rules.mapping import ColumnMapping
from rollbook.roster.rules.reading import Reading
from rollbook.roster.types import SourceFormat
from rollbook.shared.actor import Actor
from tests.canary.facts import (
    FIELDS,
    FileOf,
    GroupFile,
    GroupOf,
    Held,
    Place,
    Program,
    Pupil,
    Question,
    Reader,
    Request,
    Result,
    Stay,
    World,
)
from tests.canary.histories import add_histories
from tests.canary.written import add_extracts

NOON = datetime(2026, 11, 17, 20, tzinfo=UTC)  # midday in California
TODAY = date(2026, 11, 17)
YEAR = 2027
BY = Actor.command("test")
GRADES = ("03", "04")
ASSESSMENTS = tuple(
    (f"{kind.upper()}-{subject}-{number}", subject, kind)
    for subject in ("ELA", "Math")
    for kind in ("sum", "iab")
    for number in (1, 2)
)
# How the kept files of rosters are read: each has a row per student, who is in no class.
READING = Reading(
    format=SourceFormat.MAPPED,
    mapping=ColumnMapping(
        columns={"ssid": "ssid", "last_name": "last", "first_name": "first"},
        defaults={"school_name": "North", "grade": "03"},
    ),
)
LEAVING, COMING = timedelta(days=30), timedelta(days=5)


def make_world(seed: int) -> World:
    """Make the world of this seed: the same facts every time, fresh ids in the database."""
    return _Making(random.Random(seed)).world


class _Making:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.world = World(TODAY, YEAR)
        self._places()
        self._pupils()
        self._stays()
        self._results()
        self._readers()
        self._groups()
        self._rosters()
        self._result_files()
        self._sources()
        self._decisions()
        self._readiness()
        self._edits()
        self._programs()
        self._group_files()
        add_histories(self.world, self.dice, now=NOON)
        add_extracts(self.world, self.dice, on=TODAY, now=NOON)
        self._traces()

    def _place(self, kind: str, name: str, parent: Place | None) -> Place:
        number = len(self.world.places) + 1
        made = Organization.objects.create(
            kind=kind, name=name, parent_id=parent and parent.id, natural_id=f"{number:014}"
        )
        place = Place(made.pk, str(made.uuid), kind, parent and parent.id)
        self.world.places[made.pk] = place
        return place

    def _places(self) -> None:
        state = self._place("state", "Golden State", None)
        region = self._place("district_group", "Coast", state)
        for number in range(self.dice.randint(2, 3)):
            above = region if number else state
            district = self._place("district", f"District {number}", above)
            cluster = self._place("school_group", f"Cluster {number}", district)
            for school in range(self.dice.randint(2, 3)):
                self._place(
                    "school", f"School {number}-{school}", cluster if school % 2 else district
                )
        rebuild_links()
        AcademicSession.objects.bulk_create(
            AcademicSession(
                organization_id=district.id, kind="schoolYear", title="2026-27", school_year=YEAR,
                starts_on=date(2026, 7, 1), ends_before=date(2027, 7, 1),
            )
            for district in self.world.of_kind("district")
        )  # fmt: skip

    def _pupils(self) -> None:
        dice, districts = self.dice, self.world.of_kind("district")
        numbers = range(100, 100 + dice.randint(30, 45))
        homes = [dice.choice(districts).id for _ in numbers]
        made = Student.objects.bulk_create(
            Student(
                district_id=home,
                source=f"sis-{home}",
                is_active=dice.random() > 0.1,
                **cells(Pupil(number)),
                **dict.fromkeys(("iep", "migrant", "hispanic"), dice.random() > 0.5),
            )
            for number, home in zip(numbers, homes, strict=True)
        )
        for number, student in zip(numbers, made, strict=True):
            home = student.district_id
            self.world.pupils[number] = Pupil(number, student.pk, str(student.uuid), home)

    def _stays(self) -> None:
        for number in self.world.pupils:
            self.world.stays += self._stays_of(number)
        pupils = self.world.pupils
        SchoolEnrollment.objects.bulk_create(
            SchoolEnrollment(
                source=f"sis-{pupils[stay.pupil].district_id}", sourced_id=f"stay-{place}",
                student_id=pupils[stay.pupil].id, school_id=stay.school_id, school_year=YEAR,
                grade=stay.grade, begins_on=stay.begins_on, ends_before=stay.ends_before,
                is_active=stay.is_active,
            )
            for place, stay in enumerate(self.world.stays)
        )  # fmt: skip

    def _stays_of(self, number: int) -> list[Stay]:
        dice = self.dice
        here, there = dice.sample([place.id for place in self.world.of_kind("school")], 2)
        begun, grade = TODAY - timedelta(days=90), dice.choice(GRADES)

        def stay(school: int, begins: date | None, ends: date | None, *, kept: bool = True) -> Stay:
            return Stay(number, school, begins, ends, kept, grade)

        stories: list[list[Stay]] = [
            [stay(here, begun, None)],
            [stay(here, None, None)],
            [stay(here, begun, TODAY - LEAVING), stay(there, TODAY - LEAVING, None)],
            [stay(here, begun, None), stay(there, begun, None)],
            [stay(here, TODAY + COMING, None)],
            [stay(here, begun, TODAY)],
            [stay(here, TODAY, TODAY + COMING)],
            [stay(here, begun, None, kept=False)],
            [],
        ]
        return dice.choice(stories[:4]) if dice.random() < 0.5 else dice.choice(stories)

    def _results(self) -> None:
        dice = self.dice
        schools = [place.id for place in self.world.of_kind("school")]
        for number in self.world.pupils:
            own = [stay.school_id for stay in self.world.stays if stay.pupil == number]
            for assessment, subject, _kind in dice.sample(ASSESSMENTS, dice.randint(0, 4)):
                place = dice.choice(own) if own and dice.random() < 0.7 else dice.choice(schools)
                self.world.results.append(
                    Result(
                        dice.randint(100_000_000, 999_999_999), number, place, subject,
                        dice.choice((YEAR, YEAR, YEAR - 1)), dice.choice(GRADES), assessment,
                    )
                )  # fmt: skip
        kinds = {assessment: kind for assessment, _subject, kind in ASSESSMENTS}
        rows = [
            {
                "school_year": result.school_year,
                "subject": result.subject,
                "assessment_type": kinds[result.assessment_id],
                "assessment_id": result.assessment_id,
                "opportunity_id": f"O{place}",
                "student_id": self.world.pupils[result.pupil].id,
                "school_id": result.school_id,
                "assessment_grade": result.grade,
                "enrolled_grade": result.grade,
                "completed_at": NOON.replace(tzinfo=None) - timedelta(days=place + 1),
                "administration_condition": "Valid",
                "scale_score": result.score,
                "standard_error": 20.0,
                "performance_level": place % 3 + 1,
                "score_type": "claim",
                "code": "1",
            }
            for place, result in enumerate(self.world.results)
        ]
        for table in (RESULTS, SUBSCORES):
            known: Any = frame_types(table)
            whole = [{name: row.get(name) for name in table.columns} for row in rows]
            if table is SUBSCORES:
                whole = [{**row, "scale_score": None} for row in whole]
            lake().upsert(table, pl.DataFrame(whole, schema=known), transaction="world")

    def _readers(self) -> None:
        held: list[tuple[Held, ...]] = [(), *((self._grant(role.code),) for role in ROLES)]
        held += [(self._grant("teacher"),), (self._grant("school_admin"),)]
        held += [(self._grant("district_admin", gone=True), self._grant("school_admin"))]
        held += [(self._grant("state_admin", coming=True), self._grant("teacher"))]
        held += [(self._grant(self.dice.choice(ROLES).code), self._grant("school_admin"))]
        held += [(self._grant("district_admin"),), (self._grant("school_admin"),)]
        disabled, sandbox = len(held) - 1, len(held) - 2
        accounts = Account.objects.bulk_create(
            Account(
                email=f"zaccount{number}ex@example.org",
                first_name=f"ZACCOUNT{number}fX",
                last_name=f"ZACCOUNT{number}lX",
                is_active=number != disabled,
                is_sandbox=number == sandbox,
            )
            for number in range(len(held))
        )
        Authenticator.objects.bulk_create(
            Authenticator(user=account, type="totp", data={"secret": "none"})
            for account in accounts
        )
        for number, (account, grants) in enumerate(zip(accounts, held, strict=True)):
            self.world.readers.append(
                Reader(
                    number, account.pk, str(account.uuid), account.email, grants,
                    account.is_active, account.is_sandbox,
                )
            )  # fmt: skip
            Grant.objects.bulk_create(
                Grant(
                    account=account, role=grant.role, organization_id=grant.place_id,
                    starts_on=grant.starts_on, ends_before=grant.ends_before, granted_by="test",
                )
                for grant in grants
            )  # fmt: skip

    def _grant(self, code: str, *, gone: bool = False, coming: bool = False) -> Held:
        role = next(role for role in ROLES if role.code == code)
        places = self.world.of_kind(*(level.value for level in role.levels))
        lower = [place for place in places if place.kind in ("district", "school")]
        place = self.dice.choice(lower or places)
        starts = TODAY + COMING if coming else TODAY - timedelta(days=100)
        return Held(code, place.id, starts, TODAY if gone else None)

    def _groups(self) -> None:
        dice, world = self.dice, self.world
        emails = [reader.email for reader in world.readers]
        teachers = [r.email for r in world.readers if any(h.role == "teacher" for h in r.held)]
        for place in world.of_kind("school"):
            own = [stay.pupil for stay in world.stays if stay.school_id == place.id]
            for number, subject in enumerate(("", "ELA", "Math")):
                story = dice.random()
                made = StudentGroup.objects.create(
                    name=f"Group {number}", school_id=place.id, subject=subject, origin="file",
                    school_year=YEAR - 1 if story < 0.2 else YEAR, is_active=story < 0.85,
                )  # fmt: skip
                members = dice.sample(own, min(len(own), 3)) + dice.sample(sorted(world.pupils), 2)
                self._fill(made, frozenset(members), {dice.choice(emails), dice.choice(teachers)})

    def _fill(self, group: StudentGroup, members: frozenset[int], logins: set[str]) -> None:
        GroupMember.objects.bulk_create(
            GroupMember(group=group, student_id=self.world.pupils[number].id) for number in members
        )
        GroupUser.objects.bulk_create(GroupUser(group=group, login=login) for login in logins)
        self.world.groups.append(
            GroupOf(
                group.pk, str(group.uuid), group.school_id, group.school_year, group.subject,
                group.is_active, members, frozenset(logins),
            )
        )  # fmt: skip

    def _rosters(self) -> None:
        districts: list[Place | None] = [*self.world.of_kind("district"), None]
        for count, district in enumerate(districts):
            strangers = [Pupil(900 + 10 * count + n) for n in range(2)]
            self.world.pupils |= {pupil.number: pupil for pupil in strangers}
            known = self.dice.sample([p for p in self.world.pupils.values() if p.id], 3)
            plan = propose_plan(
                title=f"Roster: {count}.zip", kind="roster",
                changes=[TableChanges(STUDENTS, _plan_rows(self.world, strangers, known))],
                areas=[f"roster:{count}"], organization_id=district and district.id,
                by=BY, now=NOON,
            )  # fmt: skip
            named = strangers + known
            self._roster(count, district, plan, named)
            self._roster(count + 50, district, None, self.dice.sample(named, 2))

    def _roster(self, count: int, district: Place | None, plan: Any, named: list[Pupil]) -> None:
        intake = Intake.objects.create(
            organization_id=district and district.id, source="sis", file_name=f"{count}.csv",
            sha256=f"{count:064}", byte_count=1, profile="lenient", plan=plan, verdict="warning",
            status="planned" if plan else "refused", received_by=BY.label, received_at=NOON,
            counts={"by_code": {"ROS-204": len(named)}}, reading=READING.as_json(),
        )  # fmt: skip
        _write_findings(settings.FILES_ROOT / "intakes", intake.uuid, named)
        _write_papers(settings.FILES_ROOT / "intakes", intake, named)
        numbers = frozenset(pupil.number for pupil in named)
        self.world.rosters.append(
            FileOf(str(intake.uuid), district and district.id, numbers, holds_plan=plan is not None)
        )

    def _result_files(self) -> None:
        districts: list[Place | None] = [*self.world.of_kind("district"), None]
        for count, district in enumerate(districts):
            named = self.dice.sample([p for p in self.world.pupils.values() if p.id], 3)
            intake = ResultIntake.objects.create(
                organization_id=district and district.id, file_name=f"{count}.xml",
                sha256=f"{count:064}", byte_count=1, status="published", verdict="warning",
                counts={"by_code": {"RES-001": 3}, "accepted": 3}, received_by=BY.label,
                received_at=NOON,
            )  # fmt: skip
            _write_findings(settings.FILES_ROOT / "results", intake.uuid, named)
            numbers = frozenset(pupil.number for pupil in named)
            self.world.result_files.append(
                FileOf(str(intake.uuid), district and district.id, numbers, holds_plan=False)
            )

    def _sources(self) -> None:
        for district in self.world.of_kind("district"):
            source = Source.objects.create(
                organization_id=district.id, name=f"SIS {district.id}", kind="clever_api",
                format="oneroster_csv", key=f"sis-{district.id}", created_by=BY.label,
                created_at=NOON,
            )  # fmt: skip
            intake = Intake.objects.filter(organization_id=district.id).first()
            SyncRun.objects.create(
                source=source, outcome="planned", intake=intake, counts={"students": 3},
                started_by=BY.label, started_at=NOON, finished_at=NOON,
            )  # fmt: skip
            self.world.sources.append(str(source.uuid))

    def _decisions(self) -> None:
        """Ask for students of other districts, let some come at a second school or look alike."""
        dice, world = self.dice, self.world
        districts = world.of_kind("district")
        known = [pupil for pupil in world.pupils.values() if pupil.id]
        for count, pupil in enumerate(dice.sample(known, 6)):
            said = Pupil(800 + count)
            world.pupils[said.number] = said
            home = Student.objects.get(pk=pupil.id).district_id
            to = dice.choice([place.id for place in districts if place.id != home])
            names = {"first_name": said.token("f"), "last_name": said.token("l"), "line": 2}
            request = TransferRequest.objects.create(
                student_id=pupil.id, from_district_id=home, to_district_id=to, status="asked",
                said={**names, "state_id": said.token("s")}, asked_by=BY.label, asked_at=NOON,
            )  # fmt: skip
            world.requests.append(Request(pupil.number, said.number, home, to))
            world.decided_on.append(str(request.uuid))
        for stay in dice.sample([stay for stay in world.stays if stay.is_active], 6):
            others = [p.id for p in world.of_kind("school") if p.id != stay.school_id]
            question, is_new = EnrollmentQuestion.objects.get_or_create(
                student_id=world.pupils[stay.pupil].id, from_school_id=stay.school_id,
                to_school_id=dice.choice(others), school_year=YEAR, defaults={"asked_at": NOON},
            )  # fmt: skip
            if is_new:
                schools = question.from_school_id, question.to_school_id
                world.questions.append(Question(stay.pupil, *schools))
                world.decided_on.append(str(question.uuid))
        for place in world.of_kind("school"):
            own = sorted({stay.pupil for stay in world.stays if stay.school_id == place.id})
            for pair in (own[:2], dice.sample(own, min(2, len(own)))):
                if len(pair) == 2:
                    ids = [world.pupils[number].id for number in pair]
                    # One number for both, and so no token of either.
                    Student.objects.filter(pk__in=ids).update(local_id=f"70{place.id}")
                    world.pairs.append((pair[0], pair[1]))

    def _edits(self) -> None:
        """Edit first names by hand; the source has sent another since."""
        known = [pupil for pupil in self.world.pupils.values() if pupil.id]
        edited = self.dice.sample(known, 8)
        self.world.edited = {pupil.number for pupil in edited}
        LocalEdit.objects.bulk_create(
            LocalEdit(
                table="students", record_id=pupil.id, column="first_name", value=pupil.token("f"),
                upstream=pupil.token("p"), is_overridden=True, edited_by=BY.label, edited_at=NOON,
            )
            for pupil in edited
        )  # fmt: skip

    def _readiness(self) -> None:
        """Let somebody see to it that a place gets ready: of every other place a stage only."""
        for count, place in enumerate(self.world.of_kind("district", "school")):
            owner = self.dice.choice(self.world.readers)
            whole = Readiness.objects.create(
                organization_id=place.id, school_year=YEAR, owner_id=None if count % 2 else owner.id
            )
            if count % 2:
                whole.stages.create(stage="kick_off", owner_id=owner.id)
            self.world.owners.append((place.id, owner.number))

    def _programs(self) -> None:
        """Let a program in at every district, and at one school."""
        for place in [*self.world.of_kind("district"), self.world.of_kind("school")[0]]:
            client = ApiClient.objects.create(
                name=f"SIS {place.id}", username=f"sis-{place.id}", organization_id=place.id,
                permissions=["GROUP_READ", "GROUP_WRITE"], created_by=BY.label, created_at=NOON,
            )  # fmt: skip
            secret = ApiSecret.objects.create(
                client=client, digest=digest_of(f"secret {place.id}"), hint="abcd",
                created_by=BY.label, created_at=NOON, expires_on=TODAY + LEAVING,
            )  # fmt: skip
            token = f"token-{place.id}"
            ApiToken.objects.create(
                secret=secret, digest=digest_of(token), issued_at=NOON, expires_at=NOON + COMING
            )
            self.world.programs.append(Program(client.pk, str(client.uuid), place.id, token))

    def _group_files(self) -> None:
        """Let each program send a file that went in, and one whose schools nobody knows."""
        folder = settings.FILES_ROOT / "group-imports"
        folder.mkdir(parents=True, exist_ok=True)
        known = [pupil for pupil in self.world.pupils.values() if pupil.id]
        for program in self.world.programs:
            kind = self.world.places[program.place_id].kind
            for place in (program.place_id if kind == "district" else None, None):
                named = self.dice.sample(known, 2)
                number = 7_000_000 + len(self.world.group_files)
                rows = "".join(f"G,1,2027,All,{pupil.token('s')},\n" for pupil in named)
                sha256 = f"{number:064}"
                (folder / f"{sha256}.csv").write_text(rows)
                made = GroupImport.objects.create(
                    number=number, organization_id=place, origin="api", content_type="text/csv",
                    digest=f"{number:032}", sha256=sha256, byte_count=len(rows), status=-3,
                    message=f"Row: 1 Failure: {named[0].token('s')}", file_name=f"{number}.csv",
                    creator=f"sis-{program.place_id}", client_id=program.id, received_at=NOON,
                    updated_at=NOON,
                )  # fmt: skip
                numbers = frozenset(pupil.number for pupil in named)
                self.world.group_files.append(
                    GroupFile(str(made.uuid), number, place, program.id, numbers)
                )

    def _traces(self) -> None:
        for reader in self.world.readers:
            job = Job.objects.create(
                name="groups.refresh_class_groups", arguments={"source": "sis"}, status="failed",
                error="ValueError, request 1a2b", run_after=NOON, requested_by=BY.label,
                account_id=reader.id, created_at=NOON,
            )  # fmt: skip
            self.world.jobs[str(job.uuid)] = reader.id
            Message.objects.create(
                account_id=reader.id, kind="roster", title=f"For reader {reader.number}",
                created_at=NOON,
            )  # fmt: skip
        for place in self.world.places.values():
            record(
                action="changes.commit", subject_kind="plan", subject_uuid=str(uuid.uuid4()),
                organization_id=place.id, detail={"count": 3}, by=BY, now=NOON,
            )  # fmt: skip


def cells(pupil: Pupil) -> dict[str, Any]:
    """Return a student's own words for every field."""
    texts = {name: pupil.token(letter) for letter, name in FIELDS.items()}
    return {**texts, "birth_date": pupil.birth_date, "language_code": "eng"}


def _plan_rows(world: World, strangers: list[Pupil], known: list[Pupil]) -> pl.DataFrame:
    """Add the strangers; give the known ones a new first name, from one token to another."""
    first = reserve_ids(STUDENTS, len(strangers), by=BY, now=NOON)
    district = world.of_kind("district")[0].id
    added = [
        {
            "id": first + place, "action": "add", "why": "new in the file",
            "after.district_id": district, "after.is_active": True,
            **{f"after.{name}": value for name, value in cells(pupil).items()},
        }
        for place, pupil in enumerate(strangers)
    ]  # fmt: skip
    changed = [
        {
            "id": pupil.id, "action": "update", "why": "differs",
            "before.first_name": pupil.token("f"), "after.first_name": pupil.token("p"),
        }
        for pupil in known
    ]  # fmt: skip
    return pl.DataFrame(added + changed, infer_schema_length=None)


def _write_findings(folder: Path, name: object, named: list[Pupil]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(
            {
                "code": "ROS-204", "severity": "warning", "file": "users.csv", "line": 2,
                "column": "familyName", "value": pupil.token("l"), "weight": 1,
                "says": f'users.csv line 2: "{pupil.token("s")}" is unknown.', "fix": "Correct it.",
            }
        )
        for pupil in named
    ]  # fmt: skip
    (folder / f"{name}.findings.jsonl").write_text("\n".join(lines) + "\n")


def _write_papers(folder: Path, intake: Intake, named: list[Pupil]) -> None:
    """Write root causes that quote students, and the received rows of those left out."""
    causes = [
        {
            "code": "ROS-220", "severity": "error", "file": "users.csv", "column": "familyName",
            "cause": f'users.csv line 2: "{pupil.token("l")}" is unknown.', "weight": 1,
            "left_out": 1, "records": {"users.csv": 1}, "fix": "Correct it.", "places": [],
        }
        for pupil in named
    ]  # fmt: skip
    left = {"whole": [], "version": "", "modes": {}, "other_names": {}, "system": {}}
    papers = {"causes": causes, "repairs": [], "left_out": left}
    (folder / f"{intake.uuid}.papers.json").write_text(json.dumps(papers))
    rows = [",".join(pupil.token(letter) for letter in "slf") for pupil in named]
    (folder / f"{intake.sha256}.csv").write_text("\n".join(["ssid,last,first", *rows]) + "\n")
    lines = pl.Series("line", range(2, 2 + len(rows)), dtype=pl.UInt32)
    kept = pl.DataFrame(lines).select(file=pl.lit("students.csv"), line="line")
    kept.write_parquet(folder / f"{intake.uuid}.excluded.parquet")
