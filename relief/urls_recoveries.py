"""Pages of what is still to be paid: the desk's, part of `relief.urls`, and the portal's."""

from django.urls import path

from relief.views.recoveries import desk, places, portal

app_name = "portal_recoveries"
desk_patterns = [
    path("recoveries/", desk.recovery_list, name="recoveries"),
    path("recoveries/list.xlsx", desk.recovery_workbook, name="recoveries_workbook"),
    path("recoveries/<str:recovery_receipt>/", desk.recovery, name="recovery"),
    path(
        "recoveries/<str:recovery_receipt>/letter.pdf", desk.recovery_letter, name="recovery_letter"
    ),
    path("places/", places.place_list, name="places"),
]
urlpatterns = [
    path("recoveries/", portal.recovery_list, name="list"),
    path("recoveries/<str:recovery_receipt>/", portal.recovery, name="recovery"),
    path("recoveries/<str:recovery_receipt>/letter.pdf", portal.recovery_letter, name="letter"),
]
