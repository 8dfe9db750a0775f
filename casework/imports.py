"""Imports that wait for somebody: a line for the to-do lists."""

from django.urls import reverse

from casework.todo import Todo
from registry.intake import queries
from registry.models import Post
from registry.scope import Viewer


def todos(viewer: Viewer) -> list[Todo]:
    """Return the imports in which the officer has the next say."""
    officer = viewer.officer
    if officer is None or officer.post not in (Post.HANDLER, Post.REVIEWER):
        return []
    address = f"{reverse('desk_imports:list')}?waiting=1"
    count = queries.waiting_for(viewer).count()
    if officer.post == Post.REVIEWER:
        return [Todo("导入待第二人确认", count, address, "会改变已核定的月份，或撤回导入")]
    return [Todo("导入待您处理", count, address, "确认预览，或更正有误的行")]
