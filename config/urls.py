from django.urls import path

from config import ops

urlpatterns = [
    path("healthz", ops.healthz, name="healthz"),
]

handler400 = "config.pages.bad_request"
handler403 = "config.pages.forbidden"
handler404 = "config.pages.not_found"
handler500 = "config.pages.server_error"
