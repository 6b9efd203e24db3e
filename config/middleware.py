"""What every request passes through before a view, and every answer on its way out."""

import random
import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.refusals import Conflict
from config import logs, pages

Answer = Callable[[HttpRequest], HttpResponse]

# Tab, line feed and carriage return are text; the other control characters never are.
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
JSON_CONTROL = re.compile(rb"\\u00(0[0-8bcefBCEF]|1[0-9a-fA-F]|7[fF])")
# Half of a surrogate pair, escaped: the first half without the second, or the second alone.
LONE_SURROGATE = re.compile(
    rb"\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})"
    rb"|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}",
    re.IGNORECASE,
)
JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
DEEPEST_JSON = 32
# A deadlock, and two transactions that cannot both be true (SQLSTATE class 40).
TRY_AGAIN = frozenset({"40P01", "40001"})
#: Seconds before each further try of a request.
PAUSES = (0.05, 0.2, 0.5)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# The page's own files and nothing of the device: no feature is used, so all are refused.
FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in FEATURES)


def request_id(get_response: Answer) -> Answer:
    """One id for all log lines of a request, also sent back, so that a report can name it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Never taken from the client: it would let a stranger write into the log.
        request.id = uuid.uuid4().hex  # type: ignore[attr-defined]
        token = logs.request_id.set(request.id)  # type: ignore[attr-defined]
        try:
            response = get_response(request)
        finally:
            logs.request_id.reset(token)
        response.headers["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response

    return middleware


def fixed_headers(get_response: Answer) -> Answer:
    """Headers that are the same on every answer, static files and errors included."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if not request.path.startswith(f"/{settings.STATIC_URL.lstrip('/')}"):
            # Pages hold deals: neither a proxy nor the Back button may show them later.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def holds_control_character(request: HttpRequest) -> bool:
    """True for NUL and its like in path, query or form; PostgreSQL could not store them."""
    query = request.META.get("QUERY_STRING", "")
    address = f"{request.path_info}?{query}".encode(errors="replace")
    if CONTROL.search(address) or CONTROL.search(unquote_to_bytes(query.replace("+", " "))):
        return True
    # Reading a form with files here would receive the files before a view can limit them; the
    # fields of such a form refuse NUL themselves.
    if request.method in SAFE_METHODS or not (request.content_type or "").endswith("urlencoded"):
        return False
    words = (word for name, values in request.POST.lists() for word in (name, *values))
    return any(CONTROL.search(word.encode(errors="replace")) for word in words)


def depth(body: bytes) -> int:
    """How deep the brackets of a JSON text are nested; brackets inside strings do not count."""
    deepest = now = 0
    for byte in JSON_STRING.sub(b"", body):
        if byte in b"[{":
            now += 1
            deepest = max(deepest, now)
        elif byte in b"]}":
            now -= 1
    return deepest


def is_json(request: HttpRequest) -> bool:
    """True for a body that a JSON parser may read: the API's also takes "*/*" for JSON."""
    return request.content_type == "application/json" or (
        request.path_info.startswith("/api/") and request.method not in SAFE_METHODS
    )


def is_hostile_json(request: HttpRequest) -> bool:
    """True for a JSON body with control characters, plain or escaped, halves of characters, or
    nested too deep; also for one that is not UTF-8, because this looks at its bytes.
    """
    if not is_json(request):
        return False
    body = request.body
    if (request.content_params or {}).get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return True
    # A doubled backslash before the u is a backslash and text, not an escape.
    plain_body = body.replace(b"\\\\", b"")
    return bool(
        CONTROL.search(body)
        or JSON_CONTROL.search(plain_body)
        or LONE_SURROGATE.search(plain_body)
        or depth(body) > DEEPEST_JSON
    )


def refuse_control_characters(get_response: Answer) -> Answer:
    """Stops at the edge what no later part should have to think of."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if holds_control_character(request):
            return refuse(
                request, 400, "The address or the form holds a control character. Remove it."
            )
        try:
            is_hostile = is_hostile_json(request)
        except RequestDataTooBig:
            return refuse(request, 413, "The body is too large.")
        if is_hostile:
            return refuse(
                request,
                400,
                "The JSON is not UTF-8, holds a control character or half a character, or is nested"
                f" deeper than {DEEPEST_JSON}.",
            )
        return get_response(request)

    return middleware


def refuse_other_sites(get_response: Answer) -> Answer:
    """A second lock beside the CSRF token: the browser itself says which site asked.

    Programs that use the API send no such header, and old browsers have the token.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        site = request.headers.get("Sec-Fetch-Site", "none")
        if request.method not in SAFE_METHODS and site not in {"same-origin", "none"}:
            return refuse(
                request,
                403,
                "This form was sent from another site. Open the page here and send it from there.",
            )
        return get_response(request)

    return middleware


def end_old_sessions(get_response: Answer) -> Answer:
    """However active, a session ends eight hours after its first page.

    One that nobody uses ends sooner, so its use is noted; not oftener than need be, because that
    costs as much as a page.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            began = request.session.setdefault("began", now.isoformat())
            used = request.session.get("used", "")
            if now - datetime.fromisoformat(began) > settings.SESSION_LONGEST:
                logout(request)
            elif not used or now - datetime.fromisoformat(used) > settings.SESSION_NOTED_EVERY:
                request.session["used"] = now.isoformat()
        return get_response(request)

    return middleware


def refuse_strangers_in_the_api(get_response: Answer) -> Answer:
    """Programs get 401 and are told where a session comes from, not the sign-in page itself."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/") or request.user.is_authenticated:
            return get_response(request)
        answer = refuse(request, 401, "Nobody is signed in. The API takes the session of a person.")
        answer.headers["WWW-Authenticate"] = (
            f'Cookie realm="Proviso", form-action="{settings.LOGIN_URL}", '
            f'cookie-name="{settings.SESSION_COOKIE_NAME}"'
        )
        return answer

    return middleware


def took_turns(error: Exception | None) -> bool:
    """Whether PostgreSQL undid the transaction only because another was in its way."""
    while error is not None:
        if getattr(error, "pgcode", None) in TRY_AGAIN:
            return True
        error = error.__cause__  # type: ignore[assignment]
    return False


def try_again(request: HttpRequest) -> HttpResponse:
    """The view once more: what it did was undone, so nothing happens twice."""
    for upload in (file for files in request.FILES.lists() for file in files[1]):
        upload.seek(0)
    view: Any = request.resolver_match
    answer: HttpResponse = view.func(request, *view.args, **view.kwargs)
    return answer


def answer_conflicts(get_response: Answer) -> Answer:
    """Somebody was faster: 409 with the sentence of the action that refused.

    Two that lock each other out, or change what the other read, are no conflict: PostgreSQL undoes
    one of them, and it is tried again.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        for pause in PAUSES:
            if not took_turns(error):
                break
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  no secret
            try:
                return try_again(request)
            except (Conflict, OperationalError) as next_error:
                error = next_error
        if not isinstance(error, Conflict):
            return None
        return pages.problem(request, 409, sentence=str(error))

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """A short answer before any session or template is touched."""
    if request.path_info.startswith("/api/"):
        return pages.problem_details(status, sentence)
    return HttpResponse(sentence + "\n", status=status, content_type="text/plain; charset=utf-8")
