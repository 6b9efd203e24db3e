"""Pages of sales: my deals, the deal form, the status of a deal."""

from django.urls import path

from screening import sales_pages

app_name = "screening"
urlpatterns = [
    path("deals/", sales_pages.my_deals, name="deals"),
    path("deals/new/", sales_pages.new_deal, name="new"),
    path("deals/<int:pk>/", sales_pages.deal, name="deal"),
    path("deals/<int:pk>/q/<slug:section>/<slug:slug>/", sales_pages.question, name="question"),
    path(
        "deals/<int:pk>/q/<slug:section>/<slug:slug>/meaning/", sales_pages.meaning, name="meaning"
    ),
    path("deals/<int:pk>/check/", sales_pages.check, name="check"),
    path("deals/<int:pk>/sent/", sales_pages.sent, name="sent"),
    path("deals/<int:pk>/questions/<int:number>/", sales_pages.questions_asked, name="questions"),
    path("deals/<int:pk>/copy/", sales_pages.copy, name="copy"),
    path("deals/<int:pk>/changed/", sales_pages.start_changed, name="start-changed"),
    path("deals/<int:pk>/withdraw/", sales_pages.withdraw, name="withdraw"),
    path("deals/<int:pk>/delete/", sales_pages.delete, name="delete"),
]
