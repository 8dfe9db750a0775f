"""All of our filters and tags under one name; loaded into every template by the settings."""

from django import template

from registry.templatetags import relief_formats, relief_forms, relief_pieces

register = template.Library()

for part in (relief_formats, relief_forms, relief_pieces):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
