"""The way around each area. Apps add their own entries in `AppConfig.ready`.

Upper apps are unknown here, so an entry is a name to look up: one whose address does
not exist is left out, and so is one the viewer's post has no use for.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from registry import scope


class Group(StrEnum):
    """What entries of the desk belong together: shown as one, they come below it when chosen."""

    DATA = "数据"
    ASSESSED = "核定"
    OWED = "应收应退"
    REFUNDS = "退费"
    REACHED = "联系单位"


@dataclass(frozen=True)
class Item:
    """One entry: where it leads, which posts see it (none named: all), whether only in
    the city's own agency, which keeps the funds, and what it belongs to (None: stands alone)."""

    label: str
    url_name: str
    order: int
    group: Group | None = None
    posts: frozenset[str] = frozenset()
    of_the_city: bool = False

    def is_for(self, viewer: "Viewer | None") -> bool:
        """Return whether a viewer has any use for it."""
        if self.posts and (viewer is None or viewer.post not in self.posts):
            return False
        return not self.of_the_city or (viewer is not None and viewer.of_the_city)


@dataclass(frozen=True)
class Viewer:
    """Who is signed in, as the page's head names them; `post` is an officer's; the
    label is a member's role too; whether the officer is of the city's own agency."""

    name: str
    organisation: str = ""
    post: str = ""
    post_label: str = ""
    of_the_city: bool = False


_ITEMS: dict[str, dict[str, Item]] = {"public": {}, "portal": {}, "desk": {}}


def add(
    area: str,
    label: str,
    url_name: str,
    *,
    order: int,
    group: Group | None = None,
    posts: frozenset[str] = frozenset(),
    of_the_city: bool = False,
) -> None:
    """Add an entry to an area's navigation; adding the same address again replaces it."""
    _ITEMS[area][url_name] = Item(
        label=label,
        url_name=url_name,
        order=order,
        group=group,
        posts=posts,
        of_the_city=of_the_city,
    )


def viewer_of(request: HttpRequest) -> Viewer | SimpleLazyObject | None:
    """Return who looks on, asked of the database only when a page shows it; None: nobody."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None

    def find() -> Viewer:
        found = scope.viewer(request)
        if officer := found.officer:
            return Viewer(
                officer.name,
                str(officer.agency),
                officer.post,
                officer.get_post_display(),
                scope.of_the_city(officer),
            )
        if member := found.membership:
            return Viewer(member.name, str(member.employer), post_label=member.get_role_display())
        return Viewer(user.get_username())

    return SimpleLazyObject(find)


@dataclass(frozen=True)
class Entry:
    """An entry as it is shown: a page, or a group that leads to the first of its `below`."""

    label: str
    url: str
    current: bool
    below: tuple["Entry", ...] = ()


def items_for(request: HttpRequest, area: str, viewer: Viewer | None) -> list[Entry]:
    """Return the entries of an area in order, those of a group as one with the pages below it.

    Of several pages that fit, the one with the longest address is current; so is its group.
    """
    pages = []
    for item in sorted(_ITEMS[area].values(), key=lambda item: item.order):
        if not item.is_for(viewer):
            continue
        try:
            pages.append((item, reverse(item.url_name)))
        except NoReverseMatch:
            continue
    root = "/" if area == "public" else f"/{area}/"
    fitting = [
        url
        for _, url in pages
        if request.path == url or (url != root and request.path.startswith(url))
    ]
    here = max(fitting, key=len, default="")
    found: list[Entry] = []
    shown: set[Group] = set()
    for item, url in pages:
        if item.group in shown:
            continue
        below = tuple(
            Entry(other.label, address, address == here)
            for other, address in pages
            if item.group is not None and other.group == item.group
        )
        if item.group is None or len(below) == 1:
            found.append(Entry(item.label, url, url == here))
        else:
            shown.add(item.group)
            current = any(entry.current for entry in below)
            found.append(Entry(item.group.value, url, current, below))
    return found
