"""The way around each area. Apps add their own entries in `AppConfig.ready`.

Upper apps are unknown here, so an entry is a name to look up: one whose address does
not exist is left out, and so is one the viewer's post has no use for.
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from registry import scope


@dataclass(frozen=True)
class Item:
    """One entry: where it leads, which posts see it (none named: all), and whether only in
    the city's own agency, which keeps the funds."""

    label: str
    url_name: str
    order: int
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
    posts: frozenset[str] = frozenset(),
    of_the_city: bool = False,
) -> None:
    """Add an entry to an area's navigation; adding the same address again replaces it."""
    _ITEMS[area][url_name] = Item(
        label=label, url_name=url_name, order=order, posts=posts, of_the_city=of_the_city
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


def items_for(request: HttpRequest, area: str, viewer: Viewer | None) -> list[dict[str, object]]:
    """Return the entries of an area in order: label, url, and whether the page lies there.

    Of several entries that fit, the one with the longest address is current.
    """
    items = []
    for item in sorted(_ITEMS[area].values(), key=lambda item: item.order):
        if not item.is_for(viewer):
            continue
        try:
            address = reverse(item.url_name)
        except NoReverseMatch:
            continue
        items.append({"label": item.label, "url": address})
    root = "/" if area == "public" else f"/{area}/"
    fitting = [
        str(item["url"])
        for item in items
        if request.path == item["url"]
        or (item["url"] != root and request.path.startswith(str(item["url"])))
    ]
    here = max(fitting, key=len, default="")
    return [{**item, "current": item["url"] == here} for item in items]
