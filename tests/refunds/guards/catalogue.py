"""Every guard that stands in the database over the refunds' and the ledger's tables."""

import re
from dataclasses import dataclass

from tests.refunds.guards.rows import fetch

_OURS = r"relname ~ '^(refunds_|relief_ledger)'"

_CONSTRAINTS = f"""
    SELECT c.relname, k.conname, k.conname, CASE k.contype WHEN 'c' THEN 'check' ELSE 'unique' END,
        pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.{_OURS} AND k.contype IN ('c', 'u', 'x')
"""
_INDEXES = f"""
    SELECT c.relname, n.relname, n.relname, 'index', pg_get_indexdef(n.oid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
    WHERE c.{_OURS} AND i.indisunique AND NOT i.indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = n.oid)
"""
_TRIGGERS = rf"""
    SELECT c.relname, regexp_replace(t.tgname, '^pgtrigger_|_[0-9a-f]+$', '', 'g'), t.tgname,
        'trigger', pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.{_OURS} AND NOT t.tgisinternal
"""


@dataclass(frozen=True)
class Guard:
    """A check, a key (`unique`, or `index` where it is of some rows only) or a trigger."""

    table: str
    name: str
    sql_name: str
    kind: str
    definition: str

    @property
    def key(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def drop(self) -> str:
        """SQL that takes the guard away, with it nothing else."""
        return {
            "check": f'ALTER TABLE {self.table} DROP CONSTRAINT "{self.sql_name}"',
            "unique": f'ALTER TABLE {self.table} DROP CONSTRAINT "{self.sql_name}"',
            "index": f'DROP INDEX "{self.sql_name}"',
            "trigger": f'DROP TRIGGER "{self.sql_name}" ON {self.table}',
        }[self.kind]

    @property
    def columns(self) -> list[str]:
        """The columns of a key; those that a trigger compares before and after."""
        if self.kind == "trigger":
            compared = r"\(?old\.\"?(\w+)\"?\)?(?:::\w+)? IS DISTINCT FROM"
            return re.findall(compared, self.definition)
        found = re.search(r"\(([^()]*)\)", self.definition)
        assert found is not None
        return [name.strip(' "') for name in found[1].split(",")]


def standing() -> dict[str, Guard]:
    """Return the guards as the database itself lists them."""
    found = [Guard(*row) for sql in (_CONSTRAINTS, _INDEXES, _TRIGGERS) for row in fetch(sql)]
    return {guard.key: guard for guard in sorted(found, key=lambda guard: guard.key)}
