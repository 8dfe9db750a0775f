"""Construction projects in the enterprise portal."""

from django.urls import path

from relief.views import projects

app_name = "portal_projects"
urlpatterns = [
    path("projects/", projects.portal_list, name="list"),
    path("projects/<int:project_id>/", projects.portal_detail, name="project"),
    path("projects/<int:project_id>/letter.pdf", projects.portal_letter, name="project_letter"),
]
