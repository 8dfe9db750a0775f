"""New hires' papers in the enterprise portal."""

from django.urls import path

from relief.views.hires import portal

app_name = "portal_hires"
urlpatterns = [
    path("hires/", portal.paper_list, name="list"),
    path("hires/upload/", portal.upload, name="upload"),
    path("hires/papers/<int:paper_id>/", portal.paper_detail, name="paper"),
    path("hires/files/<int:paper_file_id>/", portal.paper_file, name="file"),
]
