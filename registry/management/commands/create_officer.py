"""Open an officer's account where there is no demo and no administrator yet."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry.models import Agency, Post
from registry.services import accounts


class Command(BaseCommand):
    help = (
        "开立工作人员账号。例：create_officer --agency 攀枝花市社会保险事务中心 "
        "--post HANDLER --name 李明 --username liming"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--agency", required=True, help="机构名称，或参保地代码（社保经办机构）"
        )
        parser.add_argument("--post", required=True, choices=Post.values, help="岗位")
        parser.add_argument("--name", required=True, help="姓名")
        parser.add_argument("--username", required=True, help="用户名")
        parser.add_argument("--phone", default="", help="办公电话")
        parser.add_argument(
            "--admin",
            "--superuser",
            action="store_true",
            dest="admin",
            help="同时可以进入系统管理（/admin/）",
        )
        parser.add_argument(
            "--ask-password",
            action="store_true",
            help="在终端输入密码；不加则生成一次性密码并显示一次，首次登录时须修改",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        agency = self._agency(options["agency"])
        ask = options["ask_password"]
        password = self._asked() if ask else accounts.draw_password()
        try:
            officer = accounts.create_officer(
                username=options["username"],
                name=options["name"],
                agency_id=agency.pk,
                post=Post(options["post"]),
                phone=options["phone"],
                password=password,
                temporary=not ask,
                admin=options["admin"],
                at=timezone.now(),
            )
        except accounts.AccountRefused as refusal:
            raise CommandError(str(refusal), returncode=3) from refusal
        self.stdout.write(
            f"已开立账号：{officer.user.get_username()}　{officer}　{officer.get_post_display()}"
        )
        if not ask:
            self.stdout.write(f"一次性密码（只显示这一次，首次登录须修改）：{password}")

    @staticmethod
    def _agency(text: str) -> Agency:
        agencies = Agency.objects.select_related("district")
        found = (
            agencies.filter(name=text).first()
            or agencies.filter(kind=Agency.Kind.SOCIAL_INSURANCE, district_id=text).first()
        )
        if found is None:
            names = "、".join(agencies.order_by("pk").values_list("name", flat=True))
            raise CommandError(f"没有名为“{text}”的机构。现有机构：{names}", returncode=3)
        return found

    @staticmethod
    def _asked() -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        first = getpass.getpass("密码：")
        if first != getpass.getpass("再输入一次："):
            raise CommandError("两次输入的密码不一样。", returncode=3)
        return first
