"""The pages of the program, and beside them what a page costs that does next to nothing."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.http import require_safe

from config.urls import handler400, handler403, handler404, handler500, urlpatterns
from people.access import signed_in
from screening.models import Deal

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

LIST = engines["django"].from_string("""{% extends "base.html" %}{% load people %}
{% block title %}Deals{% endblock %}
{% block content %}
<h1>Deals</h1>
<table>
  <thead><tr><th>Deal</th><th>Customer</th><th>Owner</th><th>Status</th><th>Sent</th></tr></thead>
  <tbody>
    {% for deal in deals %}
    <tr>
      <td><a href="{{ deal.get_absolute_url }}">{{ deal.reference }} {{ deal.title }}</a></td>
      <td>{{ deal.customer }}</td>
      <td>{{ deal.owner|person }}</td>
      <td>{{ deal.get_status_display }}</td>
      <td>{{ deal.sent_at|date:"j F Y" }}</td>
    </tr>
    {% endfor %}
  </tbody>
</table>
{% endblock %}""")


@signed_in
@require_safe
def bare(request: HttpRequest) -> HttpResponse:
    """Through every middleware, and nothing else."""
    return HttpResponse("Here.")


@signed_in
@require_safe
def plain(request: HttpRequest, length: int) -> HttpResponse:
    """A table of the newest deals as Django makes one, in the frame that every page has."""
    deals = Deal.objects.select_related("owner", "screening").order_by("-pk")[:length]
    return HttpResponse(LIST.render({"deals": deals}, request))


urlpatterns = [*urlpatterns, path("bench/bare/", bare), path("bench/plain/<int:length>/", plain)]
