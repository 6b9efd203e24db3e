"""Pages of sales: my deals, the deal form, the status of a deal."""

from django.urls import path

from screening import views

app_name = "screening"
urlpatterns = [
    path("deals/", views.my_deals, name="deals"),
    path("deals/new/", views.new_deal, name="new"),
    path("deals/<int:pk>/", views.deal, name="deal"),
    path("deals/<int:pk>/q/<slug:section>/<slug:slug>/", views.question, name="question"),
    path("deals/<int:pk>/q/<slug:section>/<slug:slug>/meaning/", views.meaning, name="meaning"),
    path("deals/<int:pk>/check/", views.check, name="check"),
    path("deals/<int:pk>/sent/", views.sent, name="sent"),
    path("deals/<int:pk>/questions/<int:number>/", views.questions_asked, name="questions"),
    path("deals/<int:pk>/copy/", views.copy, name="copy"),
    path("deals/<int:pk>/changed/", views.start_changed, name="start-changed"),
    path("deals/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("deals/<int:pk>/delete/", views.delete, name="delete"),
]
