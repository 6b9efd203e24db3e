"""The page on which an executive reviewer confirms what becomes of promises."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.access import SignedIn
from people.verbs import does
from policy import actions, verbs
from policy.models import Kind, ReferenceVersion
from policy.pages.forms import PromisesForm


@does(verbs.CONFIRM)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: SignedIn, pk: int) -> HttpResponse:
    """Confirm by name each promise that the newest check of the version names, with a reason."""
    version = get_object_or_404(ReferenceVersion.objects.select_related("proposed_by"), pk=pk)
    report = verbs.CONFIRM.check(version, request.user)
    form = PromisesForm(
        request.POST if request.method == "POST" else None,
        promises=[(promise["name"], promise["words"]) for promise in report.found["unkept"]],
        initial={"report": report.pk},
    )
    if request.method == "POST" and form.is_valid():
        read = version.reports.filter(pk=form.cleaned_data["report"]).first() or report
        actions.confirm_promise_changes(
            read,
            names=form.cleaned_data["names"],
            reason=form.cleaned_data["reason"],
            actor=request.user,
        )
        messages.success(request, _("Confirmed. Another person can activate the version now."))
        return redirect("policy:version", pk)
    context = {
        "version": version,
        "kind": Kind(version.kind),
        "report": report,
        # Of a charter also what is kept in another form: it is confirmed as a whole.
        "changes": [
            change
            for change in report.found["charter"]
            if change["confirm"] or version.kind == Kind.CHARTER
        ],
        "form": form,
    }
    return render(request, "policy/promises.html", context, status=422 if form.errors else 200)
