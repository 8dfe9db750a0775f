"""The outbox on the desk."""

from django.urls import path

from casework.views import telling

app_name = "desk_telling"
urlpatterns = [
    path("outbox/", telling.outbox, name="outbox"),
    path("outbox/<int:message_id>/resend/", telling.resend, name="resend"),
]
