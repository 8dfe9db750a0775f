"""Whether a letter is genuine, for whoever holds it."""

from django.urls import path

from casework import views

app_name = "letters"
urlpatterns = [
    path("<str:letter_code>/", views.check_letter, name="check"),
]
