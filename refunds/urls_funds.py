"""The funds' desk: money in flight, reconciliation, the bank's word."""

from django.urls import path

from refunds.views import flight, lines, reconcile

urlpatterns = [
    path("flight/", flight.board, name="flight"),
    path("flight/press/", flight.press, name="flight_press"),
    path("flight/ask/<slug:number>/", flight.ask, name="ask"),
    path("inquiries/<slug:inquiry_code>/", flight.inquiry_letter, name="inquiry_letter"),
    path("flight/speed/", flight.speed, name="speed"),
    path("lines/<slug:line_no>/", lines.line, name="line"),
    path("answers/<int:answer_id>/handled/", lines.handled, name="handled"),
    path("answers/", lines.to_clear_up, name="to_clear_up"),
    path("reconcile/", reconcile.overview, name="reconcile"),
    path("reconcile/<int:account_id>/", reconcile.day_list, name="reconcile_days"),
    path("reconcile/<int:account_id>/<str:day>/", reconcile.day_detail, name="reconcile_day"),
    path("differences/<int:difference_id>/", reconcile.difference, name="difference"),
    path("differences/<int:difference_id>/take/", reconcile.take_on, name="difference_take"),
    path("certificates/<int:close_id>/", reconcile.certificate, name="certificate"),
]
