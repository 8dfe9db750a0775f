"""Storing and changing many rows at once, faster than one statement a row or a CASE of thousands.

Both go past `save()` and signals, as `bulk_create` and `bulk_update` do; constraints and triggers
of the database hold as ever.
"""

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import Model

M = TypeVar("M", bound=Model)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold the search for reference cycles back while thousands of objects are made.

    None of them is garbage yet, and looking through all of them again and again takes a third of
    the time. What became garbage meanwhile is found afterwards.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _written(value: Any) -> str:
    """Return a value in the text form of COPY."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"\\\\x{bytes(value).hex()}"
    if isinstance(value, int | Decimal):
        return str(value)
    return str(value).translate(_ESCAPES)


def store(objects: Sequence[M]) -> list[M]:
    """Store new objects of one model by COPY and give them their numbers, ascending.

    Their model has an automatic number, and no field whose value the database must compute.

    :raises django.db.IntegrityError: as any insert.
    """
    if not objects:
        return []
    model = type(objects[0])
    table = model._meta.db_table
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [table, model._meta.pk.column, len(objects)],
        )
        numbers = sorted(number for (number,) in cursor.fetchall())
        buffer = io.StringIO()
        writers = [_writer(field) for field in fields]
        for number, one in zip(numbers, objects, strict=True):
            one.pk = number
            buffer.write("\t".join([write(one) for write in writers]))
            buffer.write("\n")
        buffer.seek(0)
        columns = ", ".join(f'"{field.column}"' for field in fields)
        # Django's cursor hands COPY through to the driver; the errors are to be Django's all the same.
        with connection.wrap_database_errors:
            cursor.copy_expert(f'COPY "{table}" ({columns}) FROM STDIN', buffer)
    for one in objects:
        one._state.adding, one._state.db = False, connection.alias
    return list(objects)


#: Fields whose value is stored as it stands on the object: nothing to prepare.
_AS_THEY_STAND = (
    models.AutoField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DecimalField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


def _writer(field: Any) -> Callable[[Model], str]:
    """Return what writes one field of an object in the text form of COPY."""
    if isinstance(field, _AS_THEY_STAND) and not getattr(field, "auto_now", False):
        read = attrgetter(field.attname)
        return lambda one: _written(read(one))
    return lambda one: _plain(field.get_db_prep_save(field.pre_save(one, add=True), connection))


def _plain(value: Any) -> str:
    # Django wraps JSON and binary values for the driver; COPY takes their text.
    adapted = getattr(value, "adapted", value)
    if isinstance(adapted, dict | list):
        return _written(value.dumps(adapted))
    return _written(adapted)


def change(objects: Iterable[M], fields: Sequence[str]) -> int:
    """Write some fields of stored objects of one model; return how many rows were changed.

    One statement, whatever their number.
    """
    rows = list(objects)
    if not rows:
        return 0
    model = type(rows[0])
    written = [model._meta.get_field(name) for name in fields]
    arrays: list[list[Any]] = [[row.pk for row in rows]]
    for field in written:
        values = [
            field.get_db_prep_save(field.pre_save(row, add=False), connection) for row in rows
        ]  # type: ignore[union-attr]
        arrays.append(values)
    types = ["bigint", *(field.db_type(connection).split("(")[0] for field in written)]  # type: ignore[union-attr]
    placeholders = ", ".join(f"%s::{kind}[]" for kind in types)
    names = ", ".join(f"c{index}" for index in range(len(written)))
    setting = ", ".join(f'"{field.column}" = v.c{index}' for index, field in enumerate(written))  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" t SET {setting}'
            f" FROM unnest({placeholders}) AS v(pk, {names})"
            f' WHERE t."{model._meta.pk.column}" = v.pk',
            arrays,
        )
        return int(cursor.rowcount)
