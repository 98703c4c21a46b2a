"""Make groups: one by hand, several from classes, or one by rule."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollbook.groups.actions import (
    ClassNotFound,
    GroupIsWrong,
    MayNotChangeGroup,
    create_group,
    create_groups_from_classes,
    create_rule_group,
)
from rollbook.groups.queries.search import classes_to_choose
from rollbook.groups.types import MOST_NAME, GroupRule
from rollbook.orgs.queries import schools_in
from rollbook.orgs.types import OrganizationRow
from rollbook.shared.scope import Permission
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.group import MOST_ADDRESSES, addresses_in
from rollbook.web.group_rules import class_word, rule_context, rule_in
from rollbook.web.group_trail import crumbs
from rollbook.web.group_words import SUBJECTS, subject_word
from rollbook.web.shown_words import said

WAYS: Final = {
    "hand": gettext_lazy("By hand"),
    "classes": gettext_lazy("From classes"),
    "rule": gettext_lazy("By rule"),
}


@door(
    rule="Schools within GROUP_WRITE, their classes and teachers; no student is named.",
    needs=Permission.GROUP_WRITE,
)
def make(request: Reader, school_year: int) -> HttpResponse:
    """Make a group, in one of three ways."""
    schools = schools_in(request.scope, Permission.GROUP_WRITE)
    sent = request.POST if request.method == "POST" else request.GET
    way = sent.get("way", "hand")
    way = way if way in WAYS else "hand"
    school = next((s for s in schools if str(s.uuid) == sent.get("school", "")), None)
    school = school or (schools[0] if len(schools) == 1 else None)
    wrong = ""
    if request.method == "POST":
        try:
            return _made(request, school_year, way, school)
        except (GroupIsWrong, MayNotChangeGroup) as refusal:
            wrong = said(str(refusal))
        except ClassNotFound:
            wrong = _("One of these classes is not here any more. Choose again.")
    context = {
        "title": _("Which group do you want to make?"),
        "crumb": _("Make a group"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "ways": WAYS.items(),
        "way": way,
        "schools": schools,
        "school": school,
        "year": SchoolYear(school_year),
        "subjects": [(code, subject_word(code)) for code in SUBJECTS],
        "most_name": MOST_NAME,
        "wrong": wrong,
        "typed": {name: request.POST.get(name, "") for name in ("name", "subject", "logins")},
        **_choices(request, school_year, way, school),
    }
    return render(request, "groups/make.html", context, status=422 if wrong else 200)


def _choices(
    request: Reader, school_year: int, way: str, school: OrganizationRow | None
) -> dict[str, object]:
    """Return the classes of a school to make groups from, or what a rule may ask there."""
    if school is None:
        return {}
    if way == "classes":
        chosen = set(request.POST.getlist("class"))
        classes = classes_to_choose(request.scope, school.uuid, school_year)
        return {"classes": [(c, class_word(c), str(c.uuid) in chosen) for c in classes]}
    if way == "rule":
        rule = rule_in(request.POST) if request.method == "POST" else GroupRule()
        return rule_context(request.scope, school.uuid, school_year, rule)
    return {}


def _made(
    request: Reader, school_year: int, way: str, school: OrganizationRow | None
) -> HttpResponse:
    if school is None:
        raise GroupIsWrong(_("Choose a school."))
    if way == "classes":
        return _from_classes(request, school_year)
    known = {
        "school_uuid": school.uuid,
        "school_year": school_year,
        "name": typed(request, "name", MOST_NAME + 1),
        "subject": typed(request, "subject", 10),
        "logins": addresses_in(typed(request, "logins", MOST_ADDRESSES)),
        "by": request.actor,
        "now": now(),
    }
    if way == "rule":
        made = create_rule_group(request.scope, rule=rule_in(request.POST), **known)
        messages.success(request, _("The group was made. Its students follow the rule."))
    else:
        made = create_group(request.scope, **known)
        messages.success(request, _("The group was made. Add its students below."))
    return redirect("group", school_year=school_year, group=made)


def _from_classes(request: Reader, school_year: int) -> HttpResponse:
    chosen: list[UUID] = []
    for text in request.POST.getlist("class"):
        try:
            chosen.append(UUID(text))
        except ValueError:
            continue
    if not chosen:
        raise GroupIsWrong(_("Choose one or more classes."))
    made = create_groups_from_classes(
        request.scope,
        chosen,
        subject=typed(request, "subject", 10),
        by=request.actor,
        now=now(),
    )
    n = len(made)
    messages.success(
        request, ngettext("%(n)d group was made.", "%(n)d groups were made.", n) % {"n": n}
    )
    if n == 1:
        return redirect("group", school_year=school_year, group=made[0])
    return redirect("groups", school_year=school_year)
