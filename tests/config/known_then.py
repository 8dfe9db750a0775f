"""What pages of the demo city say on past days, held against what is written down."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from config.demo.city import code_of
from config.demo.stories import BY_KEY
from registry.models import Employer

DAYS = tomllib.loads(Path(__file__).with_name("known_then.toml").read_text(encoding="utf-8"))["day"]
AMOUNTS = ("gross_due", "relief", "net_due", "paid", "overpaid", "underpaid")


def _text(amount: object) -> str:
    return f"{amount:,.2f}"


def said(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an account page says, in the words of the file."""
    classes = {
        line.assessment.employer_class
        for month in context["account"]
        for line in month.lines
        if line.assessment
    }
    sizes = [f"{row.dated.isoformat()} {row.size}" for row in context["sizes"]]
    return {
        "class": "、".join(sorted(classes)),
        "months": len(context["account"]),
        "sizes": sorted(sizes, reverse=True),
    } | {name: _text(context["totals"][name]) for name in AMOUNTS}


def written(day: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is written down of one day."""
    names = {"gross_due": "gross", "net_due": "net"}
    return {
        "class": day["class"],
        "months": day["months"],
        "sizes": sorted(day["sizes"], reverse=True),
    } | {name: day[names.get(name, name)] for name in AMOUNTS}


def differences(client: Client) -> list[str]:
    """Return on which days an officer's page says something else than what is written down."""
    wrong = []
    for day in DAYS:
        employer = Employer.objects.get(uscc=code_of(BY_KEY[day["story"]]))
        place = f"{day['story']} {day['as_of']}"
        asked = {"as_of": day["as_of"].isoformat()}
        answer = client.get(reverse("relief:account", args=[employer.pk]), asked)
        page = answer.content.decode()
        if (found := said(answer.context)) != written(day):
            wrong.append(f"{place}: {found} is not {written(day)}")
        if "当时的情况" not in page or f"as_of={asked['as_of']}" not in page:
            wrong.append(f"{place}: the day isn't said or isn't kept")
        shown = ("relief", "net", "paid") if day["class"] else ("paid",)
        wrong += [f"{place}: no {day[name]}" for name in shown if day[name] not in page]
        refunds = client.get(reverse("desk_refunds:of_employer", args=[employer.pk]), asked)
        # The town was loaded in March 2021: what was offered then wasn't known in 2020.
        if "到这一天为止还没有退费" not in refunds.content.decode():
            wrong.append(f"{place}: refunds that were not there yet")
    return wrong
