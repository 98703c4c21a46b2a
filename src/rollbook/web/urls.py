"""Addresses of the pages. A house test fails for a route without a declared scope rule."""

from __future__ import annotations

from django.urls import URLPattern, path

from rollbook.web import (
    administration,
    assessments,
    cards,
    clients,
    findings,
    group,
    group_files,
    group_format,
    group_making,
    group_people,
    groups,
    home,
    identity,
    mappings,
    messages,
    readiness,
    results,
    roster_export,
    rosters,
    source_forms,
    students,
    system,
)
from rollbook.web import result_intakes as intakes
from rollbook.web import roster_sources as sources
from rollbook.web import sharing as roster_sharing

YEAR = "<int:school_year>/"
SCHOOL = f"{YEAR}results/schools/<uuid:school>/grades/<str:grade>/"
FINDINGS = f"{YEAR}rosters/<uuid:intake>/findings/"
READINESS = f"{YEAR}rosters/readiness/"
GROUPS = f"{YEAR}groups/"
ADMINISTRATION = f"{YEAR}administration/"

urlpatterns: list[URLPattern] = [
    path("", home.start, name="start"),
    path("sandbox/", home.sandbox, name="sandbox"),
    path("leave/", home.leave, name="leave"),
    path("year/", home.choose_year, name="choose_year"),
    path(YEAR, home.home, name="home"),
    path(f"{YEAR}results/", results.search, name="results"),
    path(f"{YEAR}results/student-search/", results.find_student, name="find_student"),
    path(SCHOOL, results.school_and_grade, name="school_results"),
    path(f"{SCHOOL}results.csv", results.school_csv, name="school_results_csv"),
    path(f"{YEAR}results/groups/<uuid:group>/", results.group, name="group_results"),
    path(f"{YEAR}results/students/<uuid:student>/", results.student, name="student_results"),
    path(f"{YEAR}rosters/", rosters.intakes, name="rosters"),
    path(f"{YEAR}rosters/students/", rosters.students, name="students"),
    path(f"{YEAR}rosters/students/<uuid:student>/edit/", students.student, name="edit_student"),
    path(f"{YEAR}rosters/staff/<uuid:staff>/edit/", students.staff_member, name="edit_staff"),
    path(
        f"{YEAR}rosters/classes/<uuid:class_taught>/edit/",
        students.class_taught,
        name="edit_class",
    ),
    path(f"{YEAR}rosters/edits/", students.edits, name="edits"),
    path(READINESS, readiness.readiness, name="readiness"),
    path(f"{READINESS}readiness.csv", readiness.readiness_csv, name="readiness_csv"),
    path(f"{READINESS}<uuid:school>/", readiness.readiness_of, name="readiness_of"),
    path(f"{YEAR}rosters/cards/", cards.login_cards, name="login_cards"),
    path("card/", cards.card, name="card"),
    path(f"{YEAR}rosters/sources/", sources.sources, name="roster_sources"),
    path(f"{YEAR}rosters/sources/add/", source_forms.add, name="roster_source_add"),
    path(f"{YEAR}rosters/sources/<uuid:source>/", sources.source, name="roster_source"),
    path(
        f"{YEAR}rosters/sources/<uuid:source>/change/",
        source_forms.change,
        name="roster_source_change",
    ),
    path(f"{YEAR}rosters/sources/<uuid:source>/do/", sources.do, name="roster_source_do"),
    path(
        f"{YEAR}rosters/sources/<uuid:source>/download/",
        roster_export.download,
        name="roster_source_download",
    ),
    path(f"{YEAR}rosters/decisions/", identity.questions, name="roster_questions"),
    path(f"{YEAR}rosters/decisions/decide/", identity.decide, name="roster_question_decide"),
    path(f"{YEAR}rosters/decisions/<uuid:one>/<uuid:other>/", identity.pair, name="duplicate_pair"),
    path(f"{YEAR}rosters/students/<uuid:student>/id/", identity.new_id, name="student_id"),
    path(f"{YEAR}rosters/<uuid:intake>/", rosters.plan, name="roster_plan"),
    path(f"{YEAR}rosters/<uuid:intake>/rows/", rosters.rows, name="roster_rows"),
    path(f"{YEAR}rosters/mappings/", mappings.mappings, name="roster_mappings"),
    path(f"{YEAR}rosters/<uuid:intake>/mapping/", mappings.mapping, name="roster_mapping"),
    path(f"{YEAR}rosters/<uuid:intake>/sections/", roster_sharing.sections, name="roster_sections"),
    path(f"{YEAR}rosters/<uuid:intake>/decide/", rosters.decide, name="roster_decide"),
    path(FINDINGS, findings.findings, name="roster_findings"),
    path(f"{FINDINGS}findings.csv", findings.findings_csv, name="roster_findings_csv"),
    path(f"{FINDINGS}findings.json", findings.everything_json, name="roster_findings_json"),
    path(f"{FINDINGS}root_causes.csv", findings.root_causes_csv, name="roster_root_causes_csv"),
    path(f"{FINDINGS}excluded/", findings.excluded, name="roster_excluded"),
    path(f"{FINDINGS}summary/", findings.summary, name="roster_summary"),
    path(f"{FINDINGS}summary.pdf", findings.summary_as_pdf, name="roster_summary_pdf"),
    path(GROUPS, groups.groups, name="groups"),
    path(f"{GROUPS}make/", group_making.make, name="group_make"),
    path(f"{GROUPS}mine/", group_people.mine, name="my_groups"),
    path(f"{GROUPS}who/<uuid:student>/", group_people.who, name="onlookers"),
    path(f"{GROUPS}<uuid:group>/", group.group, name="group"),
    path(f"{GROUPS}upload/", group_files.uploads, name="group_uploads"),
    path(f"{GROUPS}uploads/<uuid:upload>/", group_files.upload, name="group_upload"),
    path(f"{GROUPS}uploads/<uuid:upload>/do/", group_files.decide, name="group_upload_decide"),
    path(
        f"{GROUPS}uploads/<uuid:upload>/left-out.csv",
        group_files.left_out,
        name="group_upload_left_out",
    ),
    path(f"{GROUPS}format/", group_format.csv_format, name="group_format"),
    path(f"{GROUPS}groups-template.csv", group_format.template_csv, name="group_template"),
    path(f"{YEAR}result-files/", intakes.intakes, name="result_intakes"),
    path(f"{YEAR}result-files/<uuid:intake>/", intakes.intake, name="result_intake"),
    path(ADMINISTRATION, administration.index, name="administration"),
    path(f"{ADMINISTRATION}people/", administration.people, name="people"),
    path(f"{ADMINISTRATION}people/<uuid:account>/", administration.person, name="person"),
    path(f"{ADMINISTRATION}clients/", clients.clients, name="clients"),
    path(f"{ADMINISTRATION}clients/<uuid:client>/", clients.client, name="client"),
    path(f"{ADMINISTRATION}roles/", administration.roles, name="roles"),
    path(f"{ADMINISTRATION}organizations/", administration.organizations, name="organizations"),
    path(f"{ADMINISTRATION}audit/", administration.audit, name="audit"),
    path(f"{ADMINISTRATION}assessments/", assessments.assessments, name="assessments"),
    path(f"{ADMINISTRATION}system/", system.system, name="system"),
    path("messages/", messages.messages, name="messages"),
    path("jobs/<uuid:job>/", messages.job, name="job"),
]
