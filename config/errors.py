"""The page for what nobody expected: «try again in a moment» where only the database is away."""

import sys

import psycopg2
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from registry import problems
from registry.middleware import API

#: Seconds after which a browser may ask again; a database that was killed is back by then.
AGAIN_AFTER = 15
#: The connection was lost or refused, a lock or the disk was not to be had.
PASSING = (OperationalError, InterfaceError)
BUSY = "系统正在恢复，已经提交的内容不会丢失。请过一两分钟再试。"


def passes_by_itself(error: BaseException | None) -> bool:
    """Return whether a failure is only of the moment: the database will be there again."""
    if isinstance(error, PASSING):
        return True
    # What a connection says that is lost in the middle of an answer has no class of its own, and
    # no code: the server did not live to send one.
    cause = error.__cause__ if type(error) is DatabaseError else None
    return isinstance(cause, psycopg2.DatabaseError) and cause.pgcode is None


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 with Retry-After for a failure that passes by itself, 500 for any other.

    Django calls it while it handles the failure. The pages ask no database.
    """
    passing = passes_by_itself(sys.exception())
    status = 503 if passing else 500
    if request.path.startswith(API):
        response = problems.response(status, BUSY if passing else problems.DETAILS[500])
    else:
        response = HttpResponse(loader.get_template(f"{status}.html").render(), status=status)
    if passing:
        response["Retry-After"] = str(AGAIN_AFTER)
    return response
