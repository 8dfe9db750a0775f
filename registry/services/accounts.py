"""Accounts of officers, and passwords."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from registry import secrets
from registry.models import Agency, Officer, Post, TemporaryPassword


class AccountRefused(Exception):
    """The account can't be opened as asked; the text says why."""


def draw_password() -> str:
    """Return a one-time password to be handed over: 80 random bits in readable groups."""
    return secrets.draw(4)


def open_user(*, username: str, password: str, **fields: Any) -> User:
    """Return a new account with the password; call it inside the caller's transaction.

    :raises AccountRefused: if the name is taken or not allowed, or the password too weak.
    """
    username = User.normalize_username(username).strip()
    if User.objects.filter(username__iexact=username).exists():
        raise AccountRefused(f"用户名“{username}”已经有人使用，请换一个。")
    user = User(username=username, **fields)
    try:
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as refusal:
        raise AccountRefused(" ".join(refusal.messages)) from refusal
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as refusal:  # somebody took the name in this very moment
        raise AccountRefused(f"用户名“{username}”已经有人使用，请换一个。") from refusal
    return user


def close_user(*, user_id: int) -> None:
    """Shut an account for good; call it inside the caller's transaction.

    Its holder is signed out with the next request, whatever session is open: the account no
    longer counts as one, and the sessions' hash of the password fits no more.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])


@transaction.atomic
def create_officer(
    *,
    username: str,
    name: str,
    agency_id: int,
    post: Post,
    password: str,
    temporary: bool,
    admin: bool = False,
    phone: str = "",
    at: datetime,
) -> Officer:
    """Open an officer's account. `temporary`: the holder must set an own password first;
    `admin`: may enter the administration too.

    :raises AccountRefused: if the name is taken, the password too weak, or a field wrong.
    """
    user = open_user(username=username, password=password, is_staff=admin, is_superuser=admin)
    officer = Officer(
        user=user,
        agency=Agency.objects.get(pk=agency_id),
        name=name.strip(),
        post=post,
        phone=phone,
    )
    try:
        officer.full_clean()
    except ValidationError as refusal:
        raise AccountRefused(" ".join(refusal.messages)) from refusal
    officer.save()
    if temporary:
        TemporaryPassword.objects.create(user=user, set_at=at)
    return officer


@transaction.atomic
def hand_out_password(*, user_id: int, at: datetime) -> str:
    """Give an account a drawn one-time password and return it; open sessions end with it."""
    user = User.objects.select_for_update().get(pk=user_id)
    password = draw_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    TemporaryPassword.objects.update_or_create(user=user, defaults={"set_at": at})
    return password


@transaction.atomic
def change_password(*, user_id: int, password: str) -> User:
    """Set the password its holder has chosen; it is no longer a one-time one.

    :raises AccountRefused: if it is too weak, or the one in use.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.check_password(password):
        raise AccountRefused("新密码不能与现在的密码相同。")
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        raise AccountRefused(" ".join(refusal.messages)) from refusal
    user.set_password(password)
    user.save(update_fields=["password"])
    TemporaryPassword.objects.filter(user=user).delete()
    return user
