"""The pieces of a page: headings, tables, badges, timelines. docs/design-language.md shows each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry.templatetags.relief_formats import date_cn, moment_cn, number

register = template.Library()

ICONS = {
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "cross": '<path d="m7 7 10 10M17 7 7 17"/>',
    "alert": '<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.6v.2"/>',
    "dots": '<path d="M6 12h.1M12 12h.1M18 12h.1"/>',
    "turn": '<path d="M9 6 4.5 10.5 9 15M5 10.5h9a5 5 0 0 1 0 10h-2"/>',
    "pen": '<path d="m5 19 1-4L16 5l3 3L9 18zM14 7l3 3"/>',
    "person": '<circle cx="12" cy="8" r="3.5"/><path d="M5 20c.6-4 3.3-6 7-6s6.4 2 7 6"/>',
    "left": '<path d="m14 6-6 6 6 6"/>',
    "right": '<path d="m10 6 6 6-6 6"/>',
    "file": '<path d="M7 3.5h7l4 4V20.5H7zM14 3.5v4h4"/>',
    "bank": '<path d="M4 9.5 12 4.5l8 5M5 19.5h14M7 10v7M12 10v7M17 10v7"/>',
}
TONES = {"good": "check", "busy": "dots", "wait": "clock", "bad": "alert", "quiet": "dots"}

# What a state code of any app looks like: tone, sign, and the word used where none is given.
STATES: Mapping[str, tuple[str, str, str]] = {
    # work in the background: imports and runs
    "QUEUED": ("quiet", "clock", "排队中"),
    "RUNNING": ("busy", "dots", "进行中"),
    "DONE": ("good", "check", "已完成"),
    "FAILED": ("bad", "alert", "未完成"),
    "CANCELLED": ("quiet", "cross", "已取消"),
    # a refund on its way
    "OFFERED": ("wait", "clock", "待单位选择"),
    "CHOSEN": ("wait", "clock", "待初审"),
    "CHECKED": ("wait", "clock", "待复审"),
    "APPROVED": ("busy", "check", "待出盘"),
    "ENDORSED": ("wait", "clock", "待负责人审批"),
    "HELD": ("bad", "alert", "稽核核查中"),
    "OFFSETTING": ("busy", "dots", "冲抵中"),
    "OFFSET": ("good", "check", "冲抵结束"),
    "IN_BATCH": ("busy", "file", "已列入批次"),
    "AT_BANK": ("busy", "bank", "已送银行"),
    "PAID": ("good", "check", "已到账"),
    "BOUNCED": ("bad", "turn", "银行退回"),
    "CORRECTED": ("wait", "clock", "新账户待确认"),
    "RETURNED": ("bad", "turn", "已退回单位"),
    "SUPERSEDED": ("quiet", "turn", "金额变动，已换新单"),
    # an attempt, a batch, and what became of a bank's answer
    "UNKNOWN": ("bad", "alert", "银行未明"),
    "DRAFT": ("wait", "file", "拟批，待核对"),
    "RECALLED": ("quiet", "turn", "送盘前撤回"),
    "DISSOLVED": ("quiet", "cross", "已拆批"),
    "CLOSED": ("good", "check", "已对平"),
    "OPEN": ("bad", "alert", "待处理"),
    "OVERDUE": ("bad", "alert", "已逾期"),
    "WITHDRAWN": ("quiet", "", "已作废"),
    "REPLACED": ("quiet", "", "已代替"),
    "SETTLED": ("good", "check", "已处理"),
    "CONFIRMED": ("good", "check", "已确认"),
    "SEALED": ("wait", "file", "已封批，待送盘"),
    "SENT": ("busy", "bank", "已送盘，待回盘"),
    "ANSWERED": ("good", "check", "已全部回盘"),
    "REPEATED": ("quiet", "check", "重复答复，无影响"),
    "OVERTAKEN": ("quiet", "check", "早于已记录的退票，无影响"),
    # a correction that two people make
    "PROPOSED": ("wait", "clock", "待审批"),
    "REFUSED": ("bad", "turn", "已退回"),
    # how large a unit counts as
    "LARGE": ("quiet", "", "大型"),
    "MEDIUM": ("quiet", "", "中型"),
    "SMALL": ("quiet", "", "小型"),
    "MICRO": ("quiet", "", "微型"),
    "PENDING": ("wait", "alert", "待划型"),
    "UNDETERMINED": ("wait", "alert", "待划型"),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a line drawing that only decorates; the word beside it carries the meaning."""
    shape = SafeString(ICONS[name])  # one of the fixed drawings above, nobody's input
    return format_html(
        '<svg class="rl-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        shape,
    )


def _badge(word: str, tone: str, sign: str) -> SafeString:
    drawing = icon(sign) if sign else ""
    return format_html('<span class="rl-tag rl-tag--{}">{}{}</span>', tone, drawing, word)


@register.simple_tag
def tag(word: str, tone: str = "quiet", sign: str | None = None) -> SafeString:
    """Return a badge with a word of your own; tones: good, busy, wait, bad, quiet."""
    return _badge(word, tone, TONES[tone] if sign is None else sign)


@register.filter
def state_tag(state: object, label: str | None = None) -> SafeString:
    """Return the badge of a state code (or of a choice that carries its label).

    A code nobody has listed is shown quietly by its label, never left out.
    """
    code = str(getattr(state, "value", state))
    tone, sign, word = STATES.get(code.upper(), ("quiet", "", code))
    return _badge(str(label or getattr(state, "label", None) or word), tone, sign)


@register.inclusion_tag("components/page_header.html")
def page_header(title: str, *, caption: str = "", lead: str = "") -> dict[str, object]:
    """The page's own h1 without actions."""
    return {"title": title, "caption": caption, "lead": lead, "actions": ""}


@register.simple_block_tag
def heading(content: str, title: str, *, caption: str = "", lead: str = "") -> str:
    """The page's own h1 with what can be done on the right: {% heading "…" %}…{% endheading %}."""
    return render_to_string(
        "components/page_header.html",
        {"title": title, "caption": caption, "lead": lead, "actions": content},
    )


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: str) -> dict[str, object]:
    """{% breadcrumbs "首页" home_url "参保单位" list_url "某公司" %}: word and address in turn."""
    words, links = parts[0::2], [*parts[1::2], ""]
    return {"crumbs": list(zip(words, links, strict=False))}


@register.inclusion_tag("components/back_link.html")
def back_link(url: str, text: str = "返回") -> dict[str, object]:
    return {"url": url, "text": text}


@register.simple_block_tag
def table(
    content: str, caption: str, *, stack: bool = False, quiet_caption: bool = False
) -> SafeString:
    """Wrap rows (thead, tbody, tfoot) into our table: {% table "标题" %}…{% endtable %}.

    At phone width it scrolls sideways in its box, or with `stack=True` every row becomes a
    card; then each cell names itself by `data-label`.
    """
    return render_to_string(
        "components/table.html",
        {"rows": content, "caption": caption, "stack": stack, "quiet_caption": quiet_caption},
    )


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: str, *, hint: str = "", url: str = "", action: str = ""
) -> dict[str, object]:
    """What stands where a list would be."""
    return {"title": title, "hint": hint, "url": url, "action": action}


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Iterable[Sequence[object]], *, two: bool = False) -> dict[str, object]:
    """Rows are (label, value) or (label, value, address, word of the link)."""
    return {"rows": [(*row, "", "")[:4] for row in rows], "two": two}


def _when(at: object) -> str:
    if isinstance(at, datetime):
        return moment_cn(at)
    return date_cn(at) if isinstance(at, date) else str(at or "")


@register.inclusion_tag("components/timeline.html")
def timeline(steps: Iterable[Mapping[str, Any] | object]) -> dict[str, object]:
    """Each step has `what`, and may have `at`, `who`, `office`, `text` and `state`.

    `state` is done (default), now, next or bad; steps may be mappings or objects.
    """
    fields = ("what", "at", "who", "office", "text", "state")
    rows = [
        {
            name: step.get(name) if isinstance(step, Mapping) else getattr(step, name, None)
            for name in fields
        }
        for step in steps
    ]
    return {
        "steps": [{**row, "state": row["state"] or "done", "at": _when(row["at"])} for row in rows]
    }


@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence[str | Sequence[str]], current: int) -> dict[str, object]:
    """The path of a matter; `current` counts from 1, one more than there are means all done."""
    rows = []
    for index, step in enumerate(steps, start=1):
        label, hint = (step, "") if isinstance(step, str) else (*step, "")[:2]
        state = "done" if index < current else "now" if index == current else "next"
        rows.append({"label": label, "hint": hint, "state": state})
    return {"steps": rows}


@register.inclusion_tag("components/progress.html")
def progress(
    done: int, total: int, *, label: str, poll: str = "", refresh: str = "", note: str = ""
) -> dict[str, object]:
    """How far a job is. While `poll` is given htmx asks that address every second and puts
    what comes back in this one's place; `refresh` is the link for browsers without a script.
    """
    share = min(100, done * 100 // total) if total else 0
    return {
        "done": number(done),
        "total": number(total),
        "share": share,
        "label": label,
        "poll": poll,
        "refresh": refresh,
        "note": note,
    }


@register.simple_block_tag
def panel(content: str, title: str) -> str:
    """The confirmation after something was handed in: {% panel "已提交" %}…{% endpanel %}."""
    return render_to_string("components/panel.html", {"title": title, "text": content})


@register.simple_block_tag
def why(content: str, title: str = "为什么", *, clause: str = "") -> str:
    """The ground for what is shown, with the article it stands on."""
    return render_to_string(
        "components/why.html", {"title": title, "text": content, "clause": clause}
    )


@register.simple_block_tag
def note(content: str, tone: str = "info") -> str:
    """A notice inside a page; tones: info, success, warning, error."""
    return render_to_string("components/note.html", {"tone": tone, "text": content})


@register.inclusion_tag("components/stat.html")
def stat(
    value: object, label: str, *, url: str = "", unit: str = "", hint: str = "", tone: str = ""
) -> dict[str, object]:
    """One figure with its name; inside <ul class="rl-stats">. Tones: lead, warn, bad."""
    return {
        "value": number(value) if isinstance(value, int) else value,
        "label": label,
        "url": url,
        "unit": unit,
        "hint": hint,
        "tone": tone,
    }


@register.inclusion_tag("components/difference.html")
def difference(
    rows: Iterable[Mapping[str, object]], *, caption: str = "前后对比", unit: str = "元"
) -> dict[str, object]:
    """Rows have `label`, `before`, `after`, `delta` (amounts; `delta` counted by the caller)."""
    return {"rows": list(rows), "caption": caption, "unit": unit}


@register.inclusion_tag("components/explain_tree.html")
def explain_tree(nodes: Iterable[Mapping[str, object]], *, opened: bool = True) -> dict[str, Any]:
    """A sum opened step by step: `label`, `value`, and maybe `clause` and `children`."""
    rows = [
        {
            "label": node["label"],
            "value": node.get("value", ""),
            "clause": node.get("clause", ""),
            "children": node.get("children") or [],
        }
        for node in nodes
    ]
    return {"nodes": rows, "opened": opened}


def _shown_pages(number: int, last: int) -> list[int | None]:
    """Return the page numbers to offer, None for a gap."""
    wanted = sorted({1, last, *range(number - 2, number + 3)} & set(range(1, last + 1)))
    shown: list[int | None] = []
    for page in wanted:
        if shown and shown[-1] is not None and page - shown[-1] > 1:
            shown.append(None)
        shown.append(page)
    return shown


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: RequestContext, page: Any, *, results: str = "results") -> dict[str, Any]:
    """The way through a long list, filters kept.

    Takes a page of Django's Paginator; `paginator.capped` true shows the count with a plus.
    A page that has `next_cursor` and `previous_cursor` is walked by those instead of numbers.
    """
    request = context["request"]

    def address(name: str, value: object) -> str:
        query = request.GET.copy()
        for former in ("page", "cursor"):
            query.pop(former, None)
        query[name] = str(value)
        return f"?{query.urlencode()}"

    keyset = hasattr(page, "next_cursor")
    numbers: list[dict[str, object] | None] = []
    count = None
    if keyset:
        previous = address("cursor", page.previous_cursor) if page.previous_cursor else ""
        following = address("cursor", page.next_cursor) if page.next_cursor else ""
    else:
        previous = address("page", page.number - 1) if page.has_previous() else ""
        following = address("page", page.number + 1) if page.has_next() else ""
        count = page.paginator.count
        numbers = [
            shown and {"number": shown, "url": address("page", shown), "now": shown == page.number}
            for shown in _shown_pages(page.number, page.paginator.num_pages)
        ]
    return {
        "previous": previous,
        "following": following,
        "numbers": numbers,
        "count": None if count is None else number(count),
        "capped": not keyset and getattr(page.paginator, "capped", False),
        "results": results,
    }
