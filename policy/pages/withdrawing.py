"""The page on which a proposal is taken back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.access import SignedIn
from people.verbs import does
from policy import actions, verbs
from policy.models import Kind, ReferenceVersion
from policy.pages.forms import WithdrawForm


@does(verbs.WITHDRAW)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    """Withdraw a version that was never active, with a reason."""
    version = get_object_or_404(ReferenceVersion.objects.select_related("proposed_by"), pk=pk)
    verbs.WITHDRAW.check(version, request.user)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw_version(version, reason=form.cleaned_data["reason"], actor=request.user)
        messages.success(request, _("Withdrawn. What is active stays active."))
        return redirect("policy:version", pk)
    context = {"version": version, "kind": Kind(version.kind), "form": form}
    return render(request, "policy/withdraw.html", context, status=422 if form.errors else 200)
