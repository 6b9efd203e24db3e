"""In templates: {{ deal.owner|person }}."""

from django import template

from people.names import name_of

register = template.Library()
register.filter("person", name_of)
