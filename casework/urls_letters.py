"""Whether a letter is genuine, for whoever holds it."""

from django.urls import path

from casework.views import letters

app_name = "letters"
urlpatterns = [
    path("<str:letter_code>/", letters.check_letter, name="check"),
]
