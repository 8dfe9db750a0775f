"""What every page needs besides its own: which area it is in, the way around, who looks on."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from registry import navigation

SITE_NAME = "阶段性减免企业社会保险费"
SHORT_NAME = "社保费减免"
AREAS = {"portal": "企业网上办理", "desk": "工作台"}
TEXT_SIZE_COOKIE = "text_size"


def area_of(path: str) -> str:
    """Return the area an address lies in: public, portal or desk."""
    first = path.strip("/").split("/", 1)[0]
    return first if first in AREAS else "public"


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def site(request: HttpRequest) -> dict[str, object]:
    """Return `face` for the templates. Asks the database for the viewer, and only if shown.

    Not named `site`: Django's own log-in view puts another thing under that name.
    """
    area = area_of(request.path)
    viewer = navigation.viewer_of(request)
    return {
        "face": {
            "name": SHORT_NAME if area in AREAS else SITE_NAME,
            "short_name": SHORT_NAME,
            "area": area,
            "area_name": AREAS.get(area, ""),
            "home": f"/{area}/" if area in AREAS else "/",
            "navigation": SimpleLazyObject(lambda: navigation.items_for(request, area, viewer)),
            "viewer": viewer,
            "large_text": request.COOKIES.get(TEXT_SIZE_COOKIE) == "large",
            "preferences_url": _address("home:preferences"),
            "login_url": _address(settings.LOGIN_URL),
            "logout_url": _address("registry:logout"),
            "password_url": _address("registry:password"),
            "here": request.get_full_path(),
        }
    }
