"""What the filters write and what the tags draw, through real templates."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory

from registry.templatetags import relief_formats as formats
from registry.templatetags.relief_pieces import state_tag


def drawn(source: str, path: str = "/", **context: object) -> str:
    """Return a template's text, rendered for a request to `path`."""
    return engines["django"].from_string(source).render(context, RequestFactory().get(path))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234567.891"), "1,234,567.89"),
        (Decimal("-0.5"), "-0.50"),
        (Decimal("0"), "0.00"),
        ("800.00", "800.00"),
        (0, "0.00"),
        (None, "—"),
        ("", "—"),
    ],
)
def test_an_amount_has_two_decimals_and_commas(value, text):
    assert formats.money(value) == text


def test_a_float_is_no_amount():
    with pytest.raises(TypeError):
        formats.money(0.1)


def test_yuan_says_its_unit_only_where_there_is_an_amount():
    assert formats.yuan(Decimal("456.12")) == "456.12 元"
    assert formats.yuan(None) == "—"


def test_fen_become_yuan():
    assert formats.fen(45612) == "456.12"
    assert formats.fen(None) == "—"


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("1345.1"), "+1,345.10"), (Decimal("-1"), "-1.00"), (Decimal("0.00"), "0.00")],
)
def test_a_difference_shows_its_sign(value, text):
    assert formats.signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.16"), "16%"),
        (Decimal("0.006"), "0.6%"),
        (Decimal("1"), "100%"),
        (Decimal("0.50"), "50%"),
        (Decimal("0"), "0%"),
        (None, "—"),
    ],
)
def test_a_ratio_is_shown_as_a_percentage(value, text):
    assert formats.percent(value) == text


@pytest.mark.parametrize("value", [date(2020, 2, 1), "2020-02", "202002", "2020-02-01"])
def test_a_month_is_written_out(value):
    assert formats.month(value) == "2020年2月"


def test_a_day_and_a_moment_are_written_out_in_local_time():
    assert formats.date_cn(date(2020, 2, 1)) == "2020年2月1日"
    late = datetime(2020, 2, 1, 16, 5, tzinfo=UTC)
    assert formats.date_cn(late) == "2020年2月2日"
    assert formats.moment_cn(late) == "2020年2月2日 00:05"
    assert formats.date_cn(None) == formats.moment_cn(None) == formats.month(None) == "—"


def test_numbers_of_persons_and_accounts_are_masked():
    assert formats.mask_id("510402199001011234") == "510402********1234"
    assert formats.mask_account("6222021234567890") == "**** 7890"
    assert formats.mask_id("123") == "***"
    assert formats.mask_account("") == "—"


def test_insurances_have_their_chinese_names():
    assert [formats.insurance(code) for code in ("pension", "unemployment", "injury")] == [
        "养老",
        "失业",
        "工伤",
    ]


def test_a_state_is_colour_sign_and_word():
    badge = state_tag("PAID")
    assert "rl-tag--good" in badge
    assert "<svg" in badge
    assert "已到账" in badge


def test_an_unlisted_state_is_shown_by_its_label():
    assert "某状态" in state_tag("SOMETHING_NEW", "某状态")
    assert "SOMETHING_NEW" in state_tag("SOMETHING_NEW")


def test_a_label_cannot_bring_markup():
    assert "<b>" not in state_tag("PAID", "<b>")


class AccountForm(forms.Form):
    bank = forms.CharField(
        label="开户银行", help_text="写到支行", error_messages={"required": "请填写开户银行"}
    )
    way = forms.ChoiceField(
        label="方式",
        widget=forms.RadioSelect,
        choices=[("refund", "退费"), ("offset", "抵扣")],
        error_messages={"required": "请选择方式"},
    )
    kinds = forms.MultipleChoiceField(
        label="险种",
        widget=forms.CheckboxSelectMultiple,
        choices=[("pension", "养老")],
        required=False,
    )
    day = forms.DateField(label="日期", required=False, initial=date(2020, 2, 1))
    file = forms.FileField(label="文件", required=False)


FIELDS = "{% for bound in form %}{% field bound %}{% endfor %}"


def test_a_field_is_wired_to_its_label_hint_and_error():
    html = drawn(FIELDS, form=AccountForm({}))
    assert '<label class="govuk-label" for="id_bank">' in html
    assert 'aria-describedby="id_bank-hint id_bank-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_bank-error"' in html


def test_radio_buttons_and_checkboxes_stand_in_a_fieldset():
    html = drawn(FIELDS, form=AccountForm())
    assert html.count("<fieldset") == 2
    assert html.count('class="govuk-radios__input"') == 2
    assert html.count('class="govuk-checkboxes__input"') == 1


def test_a_day_uses_the_browsers_calendar_and_a_file_our_words():
    html = drawn(FIELDS, form=AccountForm())
    assert 'type="date"' in html
    assert 'value="2020-02-01"' in html
    assert "还没有选择文件" in html


def test_only_voluntary_fields_say_so():
    html = drawn(FIELDS, form=AccountForm())
    assert html.count("（选填）") == 3


def test_the_error_summary_leads_to_each_field_in_the_same_words():
    form = AccountForm({})
    summary = drawn("{% error_summary form %}", form=form)
    assert "请先改正下面的问题" in summary
    assert '<a href="#id_bank">请填写开户银行</a>' in summary
    assert '<a href="#id_way_0">请选择方式</a>' in summary
    assert drawn("{% error_summary form %}", form=AccountForm()).strip() == ""


def test_a_page_with_errors_says_so_first_in_its_title():
    assert drawn("{% error_prefix %}", form=AccountForm({})) == "错误："
    assert drawn("{% error_prefix %}", form=AccountForm()) == ""


def test_paging_keeps_the_filter_and_offers_near_and_far_pages():
    page = Paginator(range(500), 25).page(10)
    html = drawn("{% pagination page %}", "/?state=PAID&page=10", page=page)
    assert 'href="?state=PAID&amp;page=11"' in html
    assert 'href="?state=PAID&amp;page=20"' in html
    assert "page=5" not in html
    assert 'aria-current="page"' in html


def test_page_numbers_past_a_thousand_carry_no_comma_in_addresses():
    page = Paginator(range(2000), 1).page(1500)
    assert "page=1501" in drawn("{% pagination page %}", page=page)


def test_a_keyset_page_is_walked_by_its_cursors():
    class Page:
        next_cursor = "abc"
        previous_cursor = None

    html = drawn("{% pagination page %}", "/?cursor=old", page=Page())
    assert 'href="?cursor=abc"' in html
    assert "上一页" not in html


def test_a_table_scrolls_in_a_box_that_the_keyboard_reaches():
    html = drawn('{% table "多缴清单" %}<tbody></tbody>{% endtable %}')
    assert 'tabindex="0"' in html
    assert "<caption>多缴清单</caption>" in html
    stacked = drawn('{% table "多缴清单" stack=True %}<tbody></tbody>{% endtable %}')
    assert "rl-table--stack" in stacked
    assert 'tabindex="0"' in stacked  # beside other things it may be too wide as well


def test_a_timeline_tells_who_where_and_when():
    steps = [
        {"what": "初审", "at": datetime(2020, 7, 22, 2, 15, tzinfo=UTC), "who": "张建国"},
        {"what": "复核", "state": "next"},
    ]
    html = drawn("{% timeline steps %}", steps=steps)
    assert "2020年7月22日 10:15" in html
    assert "张建国" in html
    assert "（尚未开始）" in html


def test_progress_polls_only_while_it_is_told_to():
    source = '{% progress done total label="正在核定" poll=poll refresh="/x" %}'
    assert 'hx-get="/p"' in drawn(source, done=1, total=3, poll="/p")
    still = drawn(source, done=3, total=3, poll="")
    assert "hx-get" not in still
    assert 'value="100"' in still
    assert "刷新" in still


def test_counts_carry_commas_wherever_they_are_shown():
    assert formats.number(300000) == "300,000"
    assert "3,003" in drawn('{% stat 3003 "读取" unit="行" %}')
    assert "1,200" in drawn('{% progress 600 1200 label="正在核定" %}')
    assert "2,000" in drawn("{% pagination page %}", page=Paginator(range(2000), 25).page(1))


def test_nothing_to_do_is_no_division_by_nothing():
    assert 'value="0"' in drawn('{% progress 0 0 label="正在核定" %}')


def test_an_explanation_opens_step_by_step():
    nodes = [{"label": "应缴", "value": "800.00", "children": [{"label": "基数", "value": "1"}]}]
    html = drawn("{% explain_tree nodes %}", nodes=nodes)
    assert html.count("<details") == 1
    assert "基数" in html


@pytest.mark.parametrize(
    "source",
    [
        '{% page_header "标题" lead="说明" %}',
        '{% heading "标题" %}<a href="/x">办理</a>{% endheading %}',
        '{% breadcrumbs "首页" "/" "本页" %}',
        '{% back_link "/x" %}',
        '{% empty_state "没有" url="/x" action="看看" %}',
        '{% panel "已提交" %}<p>好</p>{% endpanel %}',
        '{% why clause="一(一)" %}<p>好</p>{% endwhy %}',
        '{% note "warning" %}<p>好</p>{% endnote %}',
        '{% stat "1.00" "可退" url="/x" unit="元" %}',
        "{% summary_list facts %}",
        "{% difference rows %}",
        "{% stepper path 2 %}",
        '{% tag "待复核" "wait" %}',
    ],
)
def test_every_piece_draws_without_a_style_or_script_of_its_own(source):
    html = drawn(
        source,
        facts=[("单位", "某公司"), ("划型", "小型", "/x", "修改")],
        rows=[{"label": "减免", "before": Decimal(1), "after": None, "delta": Decimal(-1)}],
        path=["通知", ("选择", "7月21日"), "到账"],
    )
    assert html.strip()
    assert "style=" not in html
    assert "<script" not in html
    assert "onclick" not in html
