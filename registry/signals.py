"""News of this app about employers' accounts; sent inside the transaction that makes it."""

from django.dispatch import Signal

#: An agency's handler asks to replace an employer's owner. With `code`: the `ActivationCode`,
#: and `at`.
owner_replacement_asked = Signal()

#: A new owner has taken the place of the former. With `code`, `former` and `owner`: memberships,
#: and `at`.
owner_replaced = Signal()
