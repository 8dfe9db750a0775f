"""The adapter for e-mail."""

import smtplib
from contextlib import suppress

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from casework.tell.interface import Outgoing, Said, Verdict


class BySmtp:
    """Hands messages to a mail server. A server keeps no book of ids: doubt stays doubt.

    The id stands in `Message-ID`, so that a mail sent again on purpose shows as one in most
    mail programs.
    """

    name = "smtp"
    repeats_safely = False

    def __init__(self, *, sender: str, timeout: int, **server: object) -> None:
        self.sender = sender
        self.server = {**server, "timeout": timeout}

    def send(self, message: Outgoing) -> Said:
        domain = self.sender.rpartition("@")[2].rstrip(">") or "localhost"
        try:
            connection = get_connection(
                "django.core.mail.backends.smtp.EmailBackend", **self.server
            )
            connection.open()
        except (OSError, smtplib.SMTPException) as failure:
            # Nothing has been handed over yet.
            return Said(Verdict.LATER, reason=f"连不上邮件服务器（{type(failure).__name__}）。")
        mail = EmailMessage(
            message.subject,
            message.text,
            self.sender,
            [message.to],
            headers={"Message-ID": f"<{message.id}@{domain}>"},
            connection=connection,
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused:
            return Said(Verdict.REFUSED, reason="邮件服务器不认识这个邮箱地址。")
        except smtplib.SMTPResponseException as failure:
            if failure.smtp_code >= 500:
                return Said(Verdict.REFUSED, reason=f"邮件服务器拒收（{failure.smtp_code}）。")
            return Said(Verdict.LATER, reason=f"邮件服务器暂时不收（{failure.smtp_code}）。")
        except ValueError:
            return Said(Verdict.REFUSED, reason="邮箱地址或标题写得不对，邮件没有发出。")
        except (OSError, smtplib.SMTPException):
            return Said(Verdict.UNSURE, reason="交给邮件服务器时断线，不知道发出没有。")
        finally:
            _close(connection)
        return Said(Verdict.TAKEN, provider_id=message.id)

    def ask(self, message: Outgoing) -> Said | None:
        return Said(Verdict.UNSURE, reason="邮件服务器不能查询，请人工核实后再决定是否重发。")


def _close(connection: BaseEmailBackend) -> None:
    with suppress(OSError, smtplib.SMTPException):  # the mail is theirs already
        connection.close()
