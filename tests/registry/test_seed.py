"""What `migrate` loads: districts and agencies."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from registry import seed
from registry.models import Agency, District
from tests.factories import make_agency

pytestmark = pytest.mark.django_db


def load() -> None:
    seed.after_migrate(sender=apps.get_app_config("registry"), using=connection.alias, apps=apps)


def test_the_city_its_districts_and_both_zones_are_there_after_migrate():
    assert set(District.objects.values_list("code", flat=True)) == {
        "510400", "510402", "510403", "510411", "510421", "510422",
    }  # fmt: skip
    assert District.objects.get(is_city=True).code == "510400"
    assert make_agency(district="510400").name == "攀枝花市社会保险事务中心"
    zones = Agency.objects.filter(kind=Agency.Kind.ZONE)
    assert set(zones.values_list("zone", flat=True)) == {"钒钛高新区", "花城新区"}


def test_every_district_has_the_same_six_bureaus():
    bureaus = set(Agency.Kind.values) - {Agency.Kind.ZONE}
    for district in District.objects.all():
        assert set(district.agencies.exclude(kind="ZONE").values_list("kind", flat=True)) == bureaus


def test_loading_again_adds_nothing_and_keeps_what_an_administrator_has_put_right():
    agency = make_agency(district="510421")
    Agency.objects.filter(pk=agency.pk).update(name="米易县社会保险事务中心", phone="0812-1234567")
    before = Agency.objects.count()

    load()

    assert Agency.objects.count() == before
    agency.refresh_from_db()
    assert agency.name == "米易县社会保险事务中心"
    assert agency.phone == "0812-1234567"


def test_what_was_deleted_comes_back():
    Agency.objects.filter(kind=Agency.Kind.STATISTICS, district="510422").delete()

    load()

    assert Agency.objects.filter(kind=Agency.Kind.STATISTICS, district="510422").exists()


@pytest.mark.django_db(transaction=True)
def test_a_flush_brings_them_back_too():
    Agency.objects.filter(kind=Agency.Kind.ZONE).delete()

    call_command("flush", interactive=False, verbosity=0)

    assert Agency.objects.filter(kind=Agency.Kind.ZONE).count() == 2
