"""What every page knows, and the pages that say what went wrong."""

import json
import sys
from http import HTTPStatus
from operator import itemgetter
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import LoginView
from django.core.paginator import Paginator
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.navigation import links_for
from people import actions, links
from people.access import ROLE_NAMES, SignedIn, public, roles_of, signed_in
from policy.governance import notices
from screening.models import Notification, SalesTeam

MAILS_A_PAGE = 20
MAIL = ("id", "subject", "body", "created_at", "sent_at")
DEMO_ACCOUNTS = settings.BASE_DIR / "var" / "demo-accounts.json"
#: What a status means where nothing more is known.
TO_PROGRAMS = {
    400: "The request cannot be read.",
    404: "There is nothing here, or you may not see it.",
    500: "Nothing was saved. Try again later.",
    503: "Nothing was saved. Try again later.",
}
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def context(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    navigation = links_for(request) if user is not None and user.is_authenticated else []
    return {"demo": settings.DEMO, "sign_in_as": settings.SIGN_IN_AS, "navigation": navigation}


class SignIn(LoginView):
    """Sign-in; in the demo it also has a button for each person that one can be."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(demo_people=demo_people(), **kwargs)


sign_in = public(SignIn.as_view())


@public
@require_POST
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Become one of the demo's people without a password; elsewhere there is no such page."""
    wanted = request.POST.get("username", "")
    if wanted not in {person["username"] for person in demo_people()}:
        raise Http404
    login(request, get_object_or_404(get_user_model(), username=wanted), backend=MODEL_BACKEND)
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_ours else "home")


def demo_people() -> list[dict[str, str]]:
    """The demo's accounts, without their password; an empty list outside the demo."""
    if not settings.SIGN_IN_AS:
        return []
    try:
        people = json.loads(DEMO_ACCOUNTS.read_text())
    except FileNotFoundError:
        return []
    return [{name: person[name] for name in ("username", "name", "role")} for person in people]


@public
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Whoever holds the link chooses a password, once."""
    person = links.person_of(uid, token)
    if person is None:
        return render(request, "registration/link_ended.html", status=410)
    form = SetPasswordForm(person, request.POST or None)
    if form.is_valid():
        actions.choose_password(person, form.cleaned_data["new_password1"], token=token)
        messages.success(request, "Your password is set. Sign in with it.")
        return redirect("login")
    words = {"form": form, "person": person}
    status = 422 if form.is_bound else 200
    return render(request, "registration/choose_password.html", words, status=status)


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label="Your email address",
        max_length=254,
        error_messages={"required": "Type your email address"},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@public
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """A link by email. The answer is the same whether the address belongs to anybody or not."""
    form = ForgottenForm(request.POST or None)
    if form.is_valid():
        actions.ask_for_link(form.cleaned_data["email"])
        messages.success(
            request,
            "If this address belongs to an account, a link is on its way. If none arrives within a "
            "few minutes, ask an administrator.",
        )
        return redirect("login")
    status = 422 if form.is_bound else 200
    return render(request, "registration/forgot.html", {"form": form}, status=status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: SignedIn) -> HttpResponse:
    """Another password, for whoever knows the present one."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if form.is_valid():
        chosen = form.cleaned_data
        actions.change_password(request.user, chosen["new_password1"], old=chosen["old_password"])
        update_session_auth_hash(request, request.user)
        messages.success(request, "Your password is changed.")
        return redirect("account")
    status = 422 if form.is_bound else 200
    return render(request, "registration/change_password.html", {"form": form}, status=status)


@public
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "help.html")


@public
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "accessibility.html")


@signed_in
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who I am here: roles, sales teams."""
    roles = [ROLE_NAMES[role] for role in sorted(roles_of(request.user))]
    teams = SalesTeam.objects.filter(members=request.user.pk).order_by("name")
    return render(request, "account.html", {"roles": roles, "teams": teams})


class Mails:
    """The emails to a person, newest first, of which a page reads no more than it must."""

    def __init__(self, person: Any) -> None:
        of_deals = Notification.objects.filter(to=person.pk)
        self._kinds: list[QuerySet[Any]] = [of_deals, notices.mails_to(person)]

    def count(self) -> int:
        return sum(mails.count() for mails in self._kinds)

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        # None beyond the last row of the page is on it, of either kind.
        newest = [mails.order_by("-created_at", "-pk")[: part.stop] for mails in self._kinds]
        mails = [mail for kind in newest for mail in kind.values(*MAIL)]
        mails.sort(key=itemgetter("created_at", "id"), reverse=True)
        return mails[part]


@signed_in
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Every email that this person got, about deals and about versions, newest first."""
    mails: Any = Mails(request.user)
    page = Paginator(mails, MAILS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "mail.html", {"page": page})


def problem(
    request: HttpRequest, status: int, *, template: str = "", sentence: str = ""
) -> HttpResponse:
    """A page that says what happened; the reference finds the log lines of this request.

    Programs that use the API get the sentence as problem details.
    """
    if request.path_info.startswith("/api/"):
        return problem_details(status, sentence or TO_PROGRAMS[status])
    words = {"sentence": sentence, "reference": getattr(request, "id", "")}
    return render(request, template or f"{status}.html", words, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, 403, sentence=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    # The same body for a missing deal and for one that this person may not see.
    return problem(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    down = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    if down and not request.path_info.startswith("/api/"):
        return no_database(request)
    return problem(request, 503 if down else 500)


def problem_details(status: int, sentence: str) -> JsonResponse:
    """RFC 9457, for what goes wrong before or outside the API's own handler."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": sentence}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def no_database(request: HttpRequest) -> HttpResponse:
    """PostgreSQL does not answer, so neither may the page ask who is signed in."""
    words = {"sentence": "", "reference": getattr(request, "id", "")}
    answer = HttpResponse(render_to_string("503.html", words), status=503)
    answer.headers["Retry-After"] = "30"
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem(
        request,
        403,
        sentence="This page was open for too long, or was opened from another site. "
        "Go back, load it again and send once more.",
    )
