"""Forms of construction projects: what to show, and what came of a look."""

from django import forms

from registry.forms import EmployerSearch
from relief.queries import projects


class ProjectFilter(EmployerSearch):
    """Which projects to show."""

    show = forms.ChoiceField(
        label="显示",
        required=False,
        choices=[
            (projects.ALL, "全部"),
            (projects.FLAGGED, "有提示待核对"),
            (projects.RELIEVED, "有减免"),
            (projects.NOT_ELIGIBLE, "没有减免"),
            (projects.NOT_ASSESSED, "还没有核定"),
            (projects.MISSING, "应补"),
        ],
    )
    field_order = ("q", "show", "district")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["q"].label = "项目编号、名称或单位"


class LookForm(forms.Form):
    """What an officer found on looking at a flagged project."""

    note = forms.CharField(
        label="核对情况",
        max_length=200,
        help_text="例如：备案合同与缴费凭证已核对，开工日期属实。",
        error_messages={"required": "请写明核对情况"},
    )
