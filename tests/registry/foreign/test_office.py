"""A whole city, saved anew by LibreOffice in each of its formats: every row is the same.

In the soak alone, which installs LibreOffice where it may.
"""

import io
import os
import shutil
import subprocess
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from config.demo import city, workbooks
from registry.models import District
from registry.slots import import_kinds
from tests.factories import make_district
from tests.registry.foreign import packages as made
from tests.registry.workbooks import bring_in, counts, told

#: The first file of each of the four kinds.
FILES = [
    next(file for file in workbooks.FILES if file.kind == kind and not file.wrong)
    for kind in ("employers", "sizes", "declarations", "payments")
]
_CSV = "csv:Text - txt - csv (StarCalc):{},34,{},1,,0,false,true,false"
#: What LibreOffice calls them, each of what the one before it made.
FORMATS = {
    "xlsx": ("xlsx",),
    "xlsx of ods": ("ods", "xlsx"),
    "the other xlsx": ("ods", "xlsx:Calc Office Open XML"),
    "xls": ("xls:MS Excel 97",),
    "csv, UTF-8": (_CSV.format(44, 76),),
    "csv, GB18030": (_CSV.format(44, 85),),
    "csv, semicolons": (_CSV.format(59, 85),),
    "csv, tabs": (_CSV.format(9, 76),),
}


def saved(source: Path, form: str, folder: Path) -> Path:
    """Have LibreOffice save a file in another format."""
    target = (
        folder / form.replace(":", "-").replace(",", "-").replace(" ", "").replace("(", "")[:60]
    )
    subprocess.run(
        ["soffice", "--headless", "--convert-to", form, "--outdir", target, source],
        check=True,
        capture_output=True,
        env={**os.environ, "HOME": str(folder)},
        timeout=300,
    )
    (path,) = target.iterdir()
    return path


def in_format(source: Path, name: str, folder: Path) -> Path:
    for step, form in enumerate(FORMATS[name]):
        source = saved(source, form, folder / str(step))
    return source


if os.environ.get("SOAK"):

    def test_libreoffice_is_there():
        assert shutil.which("soffice"), "make soak installs LibreOffice where it may"

    @pytest.mark.django_db
    @pytest.mark.slow
    def test_a_city_saved_anew_is_the_same_city(tmp_path):
        town = city.build()
        own = {
            file.name: path
            for file, path in zip(
                workbooks.FILES, workbooks.write(town, tmp_path / "own"), strict=True
            )
        }
        districts()
        rows = {}
        for file in FILES:
            done = bring_in(file.kind, io.BytesIO(own[file.name].read_bytes()))
            assert (told(done), done.rejected) == ([], 0)
            rows[file.name] = done.rows
        for name in FORMATS:
            for file in FILES:
                path = in_format(own[file.name], name, tmp_path / name.replace(" ", "") / file.kind)
                done = bring_in(file.kind, io.BytesIO(path.read_bytes()))
                assert told(done)[:5] == [], (name, file.name)
                whole = (rows[file.name], 0, rows[file.name], 0)
                assert counts(done) == whole, (name, file.name)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", [name for name in FORMATS if "csv" not in name])
    def test_dates_amounts_and_formulas_keep_what_they_are(tmp_path, name):
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            day = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
            month = book.add_format({"num_format": 'yyyy"年"m"月"'})
            money = book.add_format({"num_format": '"￥"#,##0.00'})
            sheet.write_row(0, 0, ["编号", "名称", "月份", "日期", "金额", "费率(%)"])
            sheet.write_row(1, 0, ["A1", "𠮷 甲"])
            sheet.write_datetime(1, 2, datetime(2020, 2, 1), month)  # noqa: DTZ001
            sheet.write_datetime(1, 3, date(2020, 2, 29), day)
            sheet.write_formula(1, 4, "=3000+0.1+0.2", money, 3000.2999999999997)
            sheet.write_number(1, 5, 0.4)

        checked, lines = made.look(in_format(path, name, tmp_path / "saved"))

        assert made.told(checked) == []
        assert lines == [["2", "A1", "𠮷 甲", "2020-02-01", "2020-02-29", "3000.30", "0.004"]]


def districts() -> None:
    """Have all districts that the city's units belong to."""
    for column in import_kinds()["employers"].schema.columns:
        if column.name == "district":
            for code in set(column.choices.values()):
                if not District.objects.filter(code=code).exists():
                    make_district(code)
