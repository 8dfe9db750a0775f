"""Giving a stored file out: for download only, under a name and a type of ours."""

from typing import Protocol

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404

from casework.papers.files import MEDIA_TYPES


class Stored(Protocol):
    """A file as the models keep it."""

    pk: int
    extension: str
    file: FieldFile


def given_out(file: Stored | None) -> FileResponse:
    """Return a file for download, never to be shown by the browser: anybody made it.

    :raises Http404: if there is none.
    """
    if file is None:
        raise Http404
    name = f"{file.pk}.{file.extension}"
    answer = FileResponse(
        file.file.open("rb"),
        as_attachment=True,
        filename=name,
        content_type=MEDIA_TYPES[file.extension],
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
