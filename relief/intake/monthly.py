"""What an enterprise is told before it signs: its month as it would be, against the month before.

Asked inside the rehearsal of its import, when the new lines stand in the tables: so the same
answer holds for a workbook and for the table on the page, and the preview's digest covers it.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from registry import months
from registry.intake.staging import Staging
from registry.models import Employer
from registry.money import ZERO, text
from relief.models import Insurance
from relief.monthly_data import monthly_data
from relief.policy import Insurance as Kind
from relief.policy import Policy
from relief.run import single

#: Persons that a list names; its count says the rest.
MOST_NAMED = 100
BASES = {
    Insurance.PENSION: "pension_base",
    Insurance.UNEMPLOYMENT: "unemployment_base",
    Insurance.INJURY: "injury_base",
}
_NAMES = tuple(BASES.values())


def _insured(row: str) -> str:
    """Return SQL: the person is insured in something."""
    return "(" + " OR ".join(f"{row}.{base} > 0" for base in _NAMES) + ")"


def _bases(row: str) -> str:
    return ", ".join(f"{row}.{base}" for base in _NAMES)


# Both months by themselves and counted: what was stored a moment ago the planner knows nothing
# of, and takes thousands of persons for one.
_SIDES = f"""
DROP TABLE IF EXISTS monthly_now, monthly_before;
CREATE TEMP TABLE monthly_now ON COMMIT DROP AS
SELECT person_id, person_name, {_bases("d")} FROM relief_declarationline d
WHERE employer_id = %(employer)s AND month = %(month)s AND replaced_by IS NULL AND {_insured("d")};
CREATE TEMP TABLE monthly_before ON COMMIT DROP AS
SELECT person_id, person_name, {_bases("d")} FROM relief_declarationline d
WHERE employer_id = %(employer)s AND month = %(last)s AND replaced_by IS NULL AND {_insured("d")};
ANALYZE monthly_now, monthly_before, intake_line
"""
_COUNTS = f"""
SELECT (SELECT count(*) FROM monthly_now), (SELECT count(*) FROM monthly_before),
    (SELECT count(*) FROM monthly_now n WHERE NOT EXISTS (
        SELECT FROM intake_row r WHERE r.month = %(month)s AND r.person_id = n.person_id)),
    {", ".join(f"(SELECT coalesce(sum({base}), 0.00) FROM monthly_now)" for base in _NAMES)},
    {", ".join(f"(SELECT coalesce(sum({base}), 0.00) FROM monthly_before)" for base in _NAMES)}
"""
_MOVED = " OR ".join(
    f"n.{base} <> b.{base} AND abs(n.{base} - b.{base}) >= b.{base} * %(share)s" for base in _NAMES
)
_LISTS = {
    "joined": f"""
        SELECT count(*) OVER (), n.person_name, n.person_id, {_bases("n")}
        FROM monthly_now n LEFT JOIN monthly_before b USING (person_id)
        WHERE b.person_id IS NULL ORDER BY n.person_name, n.person_id LIMIT {MOST_NAMED}""",
    "left": f"""
        SELECT count(*) OVER (), b.person_name, b.person_id, {_bases("b")}
        FROM monthly_before b LEFT JOIN monthly_now n USING (person_id)
        WHERE n.person_id IS NULL ORDER BY b.person_name, b.person_id LIMIT {MOST_NAMED}""",
    "moved": f"""
        SELECT count(*) OVER (), n.person_name, n.person_id, {_bases("n")}, {_bases("b")}
        FROM monthly_now n JOIN monthly_before b USING (person_id)
        WHERE {_MOVED} ORDER BY n.person_name, n.person_id LIMIT {MOST_NAMED}""",
    "below": f"""
        SELECT count(*) OVER (), n.person_name, n.person_id, {_bases("n")} FROM monthly_now n
        WHERE {" OR ".join(f"n.{base} > 0 AND n.{base} < %({base}_lower)s" for base in _NAMES)}
        ORDER BY n.person_name, n.person_id LIMIT {MOST_NAMED}""",
    "above": f"""
        SELECT count(*) OVER (), n.person_name, n.person_id, {_bases("n")} FROM monthly_now n
        WHERE {" OR ".join(f"n.{base} > %({base}_upper)s" for base in _NAMES)}
        ORDER BY n.person_name, n.person_id LIMIT {MOST_NAMED}""",
}
# What this import changes of a month that was declared before.
_CORRECTED = f"""
SELECT count(*) OVER (), l.person_name, l.person_id, {_bases("l")}, {_bases("o")}
FROM intake_line l LEFT JOIN relief_declarationline o
    ON o.id = l.old_id AND o.month = l.month AND o.employer_id = l.employer_id
WHERE l.month = %(month)s AND {{kind}}
ORDER BY l.person_name, l.person_id LIMIT {MOST_NAMED}
"""
_WAS = f"coalesce({_insured('o')}, false)"
_CORRECTIONS = {
    "added": _CORRECTED.format(kind=f"NOT {_WAS} AND {_insured('l')}"),
    "removed": _CORRECTED.format(kind=f"{_WAS} AND NOT {_insured('l')}"),
    "changed": _CORRECTED.format(kind=f"{_WAS} AND {_insured('l')}"),
}


# Who is new with this import: their papers are asked for once it is stored (policy R55);
# `services.hires` has the rule.
_HIRES = f"""
SELECT count(*) FROM intake_line l JOIN monthly_now n USING (person_id)
LEFT JOIN monthly_before b USING (person_id)
LEFT JOIN relief_declarationline o
    ON o.id = l.old_id AND o.month = l.month AND o.employer_id = l.employer_id
WHERE l.month = %(month)s AND b.person_id IS NULL AND NOT {_WAS}
"""
# The month to compare with: the last one declared before.
_LAST = """
SELECT max(month) FROM relief_declaration
WHERE employer_id = %(employer)s AND month < %(month)s AND replaced_by IS NULL AND headcount > 0
"""


# Raised bases that this import opens a special audit for (policy D18); `services.holds` has the rule.
_HELD = f"""
SELECT count(*) OVER (), l.person_name, l.person_id, h.insurance, h.declared, h.former
FROM relief_basehold h
JOIN relief_declarationline l ON l.id = h.line_id AND l.month = h.month
LEFT JOIN relief_baseholdend e ON e.hold_id = h.id
WHERE h.source_id = %(source)s AND h.month = %(month)s AND e.id IS NULL
ORDER BY l.person_name, l.person_id, h.insurance LIMIT {MOST_NAMED}
"""


def facts(staging: Staging, *, policy: Policy) -> dict[str, Any]:
    """Return what the enterprise is told of every month in its file, as JSON values.

    Empty where nobody reads it: imports of officers and of commands.
    """
    if staging.employer_id is None or not staging.detailed:
        return {}
    employer = Employer.objects.get(pk=staging.employer_id)
    staging.cursor.execute("SELECT DISTINCT month FROM intake_row ORDER BY month")
    covered = [month for (month,) in staging.cursor.fetchall()]
    return {"months": [_month(staging, employer, month, policy) for month in covered]}


def _month(staging: Staging, employer: Employer, month: date, policy: Policy) -> dict[str, Any]:
    params = _params(staging, employer, month, policy)
    cursor = staging.cursor
    cursor.execute(_SIDES, params)
    cursor.execute(_COUNTS, params)
    now, before, untouched, *sums = cursor.fetchone()
    found: dict[str, Any] = {
        "month": months.label(month),
        "last": months.label(params["last"]),
        "headcount": now,
        "last_headcount": before,
        "untouched": untouched,
        "base_totals": dict(zip(BASES, map(text, sums[:3]), strict=True)),
        "last_base_totals": dict(zip(BASES, map(text, sums[3:]), strict=True)),
        "limits": _limits(policy, month),
        "share": str(monthly_data().base_moved),
    }
    # Against a month in which nobody was declared everybody would be new.
    compared = _LISTS if before else {name: _LISTS[name] for name in ("below", "above")}
    for name in _LISTS:
        found[name] = _people(staging, compared.get(name), params)
    for name, query in _CORRECTIONS.items():
        found[name] = _people(staging, query, params)
    found["former_headcount"] = now - found["added"]["count"] + found["removed"]["count"]
    found["held"] = _held(staging, params)
    cursor.execute(_HIRES, params)
    found["hires"] = cursor.fetchone()[0] if before else 0
    found["estimate"] = _estimate(employer, policy, month)
    found["last_estimate"] = _estimate(employer, policy, params["last"])
    return found


def _params(staging: Staging, employer: Employer, month: date, policy: Policy) -> dict[str, Any]:
    staging.cursor.execute(_LAST, {"employer": employer.pk, "month": month})
    last = staging.cursor.fetchone()[0] or months.after(month, -1)
    params: dict[str, Any] = {
        "employer": employer.pk,
        "month": month,
        "last": last,
        "source": staging.import_.pk,
        "share": monthly_data().base_moved,
    }
    for insurance, base in BASES.items():
        limit = policy.limit(Kind(insurance.value), month)
        params |= {f"{base}_lower": limit.lower, f"{base}_upper": limit.upper}
    return params


def _limits(policy: Policy, month: date) -> dict[str, list[str]]:
    found = {kind.value: policy.limit(kind, month) for kind in Kind}
    return {name: [text(limit.lower), text(limit.upper)] for name, limit in found.items()}


def _people(staging: Staging, query: str | None, params: Mapping[str, Any]) -> dict[str, Any]:
    if query is None:
        return {"count": 0, "people": []}
    staging.cursor.execute(query, params)
    rows = staging.cursor.fetchall()
    people = []
    for _, name, person_id, *amounts in rows:
        person: dict[str, Any] = {
            "name": name,
            "tail": person_id[-4:],
            "bases": list(map(text, amounts[:3])),
        }
        if len(amounts) > 3:
            former = [amount or ZERO for amount in amounts[3:]]
            person["former"] = list(map(text, former))
            person["moved"] = _moved(amounts[:3], former)
        people.append(person)
    return {"count": rows[0][0] if rows else 0, "people": people}


def _held(staging: Staging, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raised bases that will wait for their audit, a line a person and insurance."""
    staging.cursor.execute(_HELD, params)
    rows = staging.cursor.fetchall()
    bases = [
        {
            "name": name,
            "tail": person_id[-4:],
            "insurance": insurance,
            "declared": text(declared),
            "former": text(former),
        }
        for _, name, person_id, insurance, declared, former in rows
    ]
    return {"count": rows[0][0] if rows else 0, "bases": bases}


def _moved(now: list[Decimal], former: list[Decimal]) -> str:
    """Return the largest share by which a base moved; empty where there was none before."""
    shares = [(new - old) / old for new, old in zip(now, former, strict=True) if old]
    largest = max(shares, key=abs, default=None)
    return "" if largest is None else format(largest, ".3f")


def _estimate(employer: Employer, policy: Policy, month: date) -> dict[str, dict[str, Any]]:
    """Return what a month comes to by today's rules, by insurance; empty before the first rules."""
    if not policy.has_rules(month):
        return {}
    return {
        line.insurance.value: {
            "headcount": line.assessed.headcount,
            "base_total": text(line.assessed.base_total),
            "gross_due": text(line.assessed.gross_due),
            "relief": text(line.assessed.relief),
            "net_due": text(line.assessed.net_due),
            "employee_due": text(line.assessed.employee_due),
            "clause": line.assessed.clause,
        }
        for line in single.lines(employer, policy, months=[month])
    }
