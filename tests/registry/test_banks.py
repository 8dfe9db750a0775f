"""The table of payment codes: its versions, what is odd about an account's bank, the search."""

import pytest
from django.apps import apps
from django.urls import reverse

from registry import banks, seed
from registry.intake import services
from registry.models import BankOffice, Import, Post
from registry.numbers import BadCheckDigit, cnaps
from tests.factories import make_officer
from tests.registry.test_import_taken_back import city, take_back
from tests.registry.workbooks import bring_in, counts, headers, workbook

pytestmark = pytest.mark.django_db
EAST, WEST = "103665002003", "103665002011"
ICBC = "102100099996"


def row(code=EAST, name="中国农业银行攀枝花东区支行", state="正常", dated="2020-06-30"):
    return [code, name, state, dated]


def brought(*rows):
    return bring_in("banks", workbook(headers("banks"), *rows), by=make_officer(district="510400"))


def test_the_head_offices_come_with_the_program_and_each_code_checks():
    shipped = seed.read("banks.toml", "bank")
    assert BankOffice.objects.filter(source=None).count() == len(shipped) >= 15
    for entry in shipped:
        cnaps.check(entry["code"])
        assert banks.office(entry["code"]).name == entry["name"]
        assert banks.doubts(bank=entry["name"], code=entry["code"]) == []


def test_migrating_again_adds_nothing():
    seed.after_migrate(sender=apps.get_app_config("registry"), using="default")
    assert BankOffice.objects.count() == len(seed.read("banks.toml", "bank"))


def test_a_version_adds_renames_and_closes_and_says_so():
    assert counts(brought(row(), row(WEST, "中国农业银行攀枝花西区支行"))) == (2, 2, 0, 0)
    later = brought(
        row(name="中国农业银行攀枝花人民路支行", dated="2020-09-30"),
        row(WEST, "中国农业银行攀枝花西区支行", "撤销", "2020-09-30"),
        row(dated="2020-06-30"),
    )
    # The last row repeats what stands; rows of one code and two dates are two versions.
    assert counts(later) == (3, 2, 1, 0)
    assert banks.office(EAST).name == "中国农业银行攀枝花人民路支行"
    assert banks.office(WEST).state == "CLOSED"


def test_an_older_version_that_comes_late_fills_the_history_only():
    brought(row(dated="2020-06-30"))
    brought(row(name="中国农业银行渡口支行", dated="2019-06-30"))
    assert banks.office(EAST).name == "中国农业银行攀枝花东区支行"
    assert BankOffice.objects.filter(code=EAST).count() == 2


def test_a_code_of_eleven_digits_is_refused_and_one_that_does_not_compute_is_taken():
    assert brought(row("10366500200")).rejected == 1
    wrong = EAST[:-1] + "9"
    with pytest.raises(BadCheckDigit):
        cnaps.check(wrong)
    assert brought(row(wrong)).accepted == 1
    assert banks.office(wrong).name == "中国农业银行攀枝花东区支行"


def test_a_version_taken_back_leaves_the_one_before():
    brought(row())
    brought(row(name="中国农业银行攀枝花人民路支行", dated="2020-09-30"))
    handler, reviewer = city(), city(Post.REVIEWER)
    take_back(Import.objects.latest("pk"), by=handler, second=reviewer)
    assert banks.office(EAST).name == "中国农业银行攀枝花东区支行"
    assert BankOffice.objects.filter(code=EAST).count() == 3


def test_a_code_of_another_bank_is_doubted():
    assert banks.doubts(bank="中国农业银行攀枝花东区支行", code=EAST) == []
    assert banks.doubts(bank="农行东区支行", code=EAST) == []
    (doubt,) = banks.doubts(bank="中国建设银行攀枝花分行", code=EAST)
    assert "属于中国农业银行" in doubt
    # Many banks share the class of city banks: nothing is known of its names.
    assert banks.doubts(bank="攀枝花市商业银行", code="313665000018") == []


def test_what_a_table_brought_in_does_not_know_is_doubted():
    assert not banks.is_complete()
    brought(row())
    (doubt,) = banks.doubts(bank="中国农业银行攀枝花西区支行", code=WEST)
    assert "不在行名行号表中" in doubt
    brought(row(WEST, "中国农业银行攀枝花西区支行", "撤销"))
    (doubt,) = banks.doubts(bank="中国农业银行攀枝花西区支行", code=WEST)
    assert "已撤销" in doubt


def test_offices_are_found_by_all_words_or_the_beginning_of_their_code():
    brought(row(), row(WEST, "中国农业银行攀枝花西区支行", "撤销"))
    assert [office.code for office in banks.search("攀枝花　农业")] == [EAST]
    assert [office.code for office in banks.search("102100")] == [ICBC]
    assert banks.search("") == banks.search("　") == []
    assert banks.search("渡口") == []
    brought(row(name="中国农业银行渡口支行", dated="2020-09-30"))
    assert [office.code for office in banks.search("渡口")] == [EAST]
    assert banks.search("东区") == []


def test_anybody_finds_a_code_without_a_script(client):
    brought(row())
    page = client.get(reverse("help_banks"), {"q": "攀枝花 农业"}).text
    assert EAST in page
    assert "中国农业银行攀枝花东区支行" in page
    assert "没有找到" in client.get(reverse("help_banks"), {"q": "渡口"}).text


def test_a_search_costs_the_same_for_one_office_and_for_fifty(client, django_assert_num_queries):
    brought(*(row(f"10366500{n:04d}", f"中国农业银行第{n}支行") for n in range(60)))
    client.get(reverse("help_banks"))
    for words, shown in (("第7支行", 1), ("农业", 50)):
        with django_assert_num_queries(2):
            page = client.get(reverse("help_banks"), {"q": words}).text
        assert page.count('<th scope="row"') == shown


def test_a_districts_officer_does_not_bring_the_table_in():
    with pytest.raises(services.NotAllowed):
        bring_in("banks", workbook(headers("banks"), row()), by=make_officer(district="510402"))
