"""Assessment packages: which tests are known, and load more."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from rollbook.assessments.actions import LoadedPackages, MayNotLoadAssessments, load_packages
from rollbook.assessments.queries import assessment_counts
from rollbook.shared.scope import Permission
from rollbook.web.administration import crumbs
from rollbook.web.door import Reader, door, now
from rollbook.web.lists import SHOWN_FINDINGS
from rollbook.web.uploads import UploadIsTooLarge, on_disk


@door(
    rule="Assessments are about no person; only who may send data sees what is loaded.",
    needs=Permission.DATA_WRITE,
)
def assessments(request: Reader, school_year: int) -> HttpResponse:
    """Count the assessments that are known, and take a package."""
    loaded = None
    if request.method == "POST":
        loaded = _loaded(request)
        if loaded is None:
            return redirect("assessments", school_year=school_year)
    findings = [finding.as_dict() for finding in loaded.report] if loaded else []
    context = {
        "title": _("Which tests are known?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "counts": assessment_counts(request.scope),
        "may_load": request.scope.over(Permission.DATA_WRITE).everything,
        "loaded": loaded,
        "findings": findings[:SHOWN_FINDINGS],
        "finding_count": len(findings),
    }
    return render(request, "administration/assessments.html", context)


def _loaded(request: Reader) -> LoadedPackages | None:
    """Load the package that was sent; None when there is none or it may not be."""
    upload = request.FILES.get("package")
    if upload is None:
        messages.error(request, _("Choose an assessment package (CSV) first."))
        return None
    try:
        with on_disk(upload) as path:
            return load_packages(
                request.scope,
                [path],
                names=[upload.name or "package.csv"],
                by=request.actor,
                now=now(),
            )
    except MayNotLoadAssessments:
        messages.error(request, _("Only an administrator of the whole state loads assessments."))
    except UploadIsTooLarge:
        messages.error(
            request, _("This file is larger than this installation takes. Ask your administrator.")
        )
    return None
