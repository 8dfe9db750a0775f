"""What the list of notices may be narrowed by."""

from django import forms

from registry.forms import EmployerSearch


class RecoveryFilter(EmployerSearch):
    """Which notices to show."""

    show = forms.ChoiceField(
        label="显示",
        required=False,
        choices=[
            ("open", "待补缴"),
            ("soon", "快到期"),
            ("overdue", "已逾期"),
            ("over", "已结束"),
            ("", "全部"),
        ],
    )
    field_order = ("q", "show", "district")
