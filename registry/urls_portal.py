"""Accounts and people of an employer, in its portal."""

from django.urls import path

from registry.views import members

app_name = "portal_members"
urlpatterns = [
    path("members/", members.member_list, name="list"),
    path("members/invite/", members.invite, name="invite"),
    path(
        "members/invitations/<int:invitation_id>/withdraw/",
        members.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("members/<int:member_id>/role/", members.change_role, name="role"),
    path("members/<int:member_id>/remove/", members.remove, name="remove"),
    path("members/hand-over/", members.hand_over, name="hand_over"),
    path("members/hand-over/confirm/", members.confirm_hand_over, name="confirm_hand_over"),
    path("members/hand-over/withdraw/", members.withdraw_hand_over, name="withdraw_hand_over"),
]
