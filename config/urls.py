from django.contrib.auth.views import LogoutView
from django.urls import include, path

from config import home, ops, pages
from people.access import public

urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", ops.healthz, name="healthz"),
    path("health/", ops.health, name="health"),
    path("sign-in/", pages.sign_in, name="login"),
    path("sign-in/as/", pages.sign_in_as, name="sign-in-as"),
    path("sign-in/link/<str:uid>/<str:token>/", pages.choose_password, name="choose-password"),
    path("sign-in/forgot/", pages.forgot_password, name="forgot-password"),
    path("sign-out/", public(LogoutView.as_view()), name="logout"),
    path("account/", pages.account, name="account"),
    path("account/password/", pages.change_password, name="change-password"),
    path("mail/", pages.mailbox, name="mail"),
    path("help/", pages.help_page, name="help"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("api/v1/", include("config.api")),
    path("", include("policy.urls")),
    path("", include("reviews.urls")),
    path("", include("screening.urls")),
]

handler400 = "config.pages.bad_request"
handler403 = "config.pages.forbidden"
handler404 = "config.pages.not_found"
handler500 = "config.pages.server_error"
