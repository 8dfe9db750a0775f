"""CSV as other programs write it: encodings, separators, line ends, quotes."""

import pytest

from tests.registry.foreign import packages as made

TEXT = "编号,名称\r\nA1,甲\r\n"
READ = [["2", "A1", "甲"]]


def look(tmp_path, content):
    path = tmp_path / "book.csv"
    path.write_bytes(content)
    return made.look(path)


def assert_read(tmp_path, content, rows=READ):
    checked, lines = look(tmp_path, content)
    assert made.told(checked) == []
    assert lines == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_encodings_separators_and_line_ends(tmp_path, encoding, separator, end):
    text = TEXT.replace(",", separator).replace("\r\n", end)
    assert_read(tmp_path, text.encode(encoding))


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_line_that_tells_the_separator_is_no_row(tmp_path, line, encoding):
    assert_read(tmp_path, f"{line}\r\n{TEXT.replace(',', ';')}".encode(encoding))


def test_characters_of_four_bytes_in_gb18030(tmp_path):
    content = "编号,名称\r\nA1,𠮷㐂\r\n".encode("gb18030")
    assert "𠮷".encode("gb18030") in content
    assert_read(tmp_path, content, [["2", "A1", "𠮷㐂"]])


def test_line_breaks_separators_and_quotes_inside_of_quotes(tmp_path):
    text = '"编号","名称"\r\n"A1","甲 ""乙""\r\n丙,丁;戊"\r\nA2,己\r\n'
    wanted = [["2", "A1", '甲 "乙"\\r\\n丙,丁;戊'], ["3", "A2", "己"]]
    assert_read(tmp_path, text.encode(), wanted)


def test_a_separator_inside_of_a_quoted_header_separates_nothing(tmp_path):
    checked, _ = look(tmp_path, '编号,名称,"备;;;注"\r\nA1,甲,\r\n'.encode())
    assert made.told(checked) == [(1, "备;;;注", "unknown_column")]


def test_amounts_with_commas_between_semicolons(tmp_path):
    text = "编号;名称;金额\r\nA1;甲;￥3,000.50\r\n"
    assert_read(tmp_path, text.encode("gb18030"), [["2", "A1", "甲", "3000.50"]])


def test_numbers_kept_as_texts_by_a_formula_or_a_tab(tmp_path):
    """So Chinese systems keep a spreadsheet from cutting a long number's last digits."""
    text = '编号,名称\r\n="0012",甲\r\n"=""0013""","乙"\r\n\t0014,丙\r\n'
    wanted = [["2", "0012", "甲"], ["3", "0013", "乙"], ["4", "0014", "丙"]]
    assert_read(tmp_path, text.encode(), wanted)


def test_the_end_sign_of_old_programs_is_no_row(tmp_path):
    assert_read(tmp_path, TEXT.encode("gbk") + b"\x1a")


def test_trailing_commas_and_empty_lines(tmp_path):
    assert_read(tmp_path, "编号,名称,,,\r\nA1,甲,,,\r\n,,,,\r\n\r\n".encode())


def test_an_error_of_a_formula_is_told(tmp_path):
    checked, _ = look(tmp_path, "编号,名称,金额\r\nA1,甲,#N/A\r\n".encode())
    assert made.told(checked) == [(2, "金额", "formula_error")]


def test_other_separators_and_titles_are_told(tmp_path):
    assert made.told(look(tmp_path, TEXT.replace(",", "|").encode())[0]) == [
        (None, None, "no_header")
    ]
    assert made.told(look(tmp_path, ("登记表,\r\n" + TEXT).encode())[0]) == [
        (None, None, "header_not_first")
    ]
