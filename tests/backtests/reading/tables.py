"""Hostile tables as text: bars and extra columns."""

from __future__ import annotations

from collections.abc import Callable

from tests.backtests.reading.case import Case

HEAD = "Date;Open;High;Low;Close;Volume\n"
ROWS = (
    "2015-01-05;598.5;600;597;598.5;1000\n"
    "2015-01-06;599;601.5;598;600;1200\n"
    "2015-01-07;600;602;599;601;900\n"
)
PLAIN = HEAD + ROWS
EXTRA = "date;known_at;mood\n"
EXTRA_ROWS = "2015-01-05;2015-01-06;0.5\n2015-01-06;2015-01-07;0.7\n"


def cell(text: str, column: int = 4) -> str:
    """Return bars whose second row has this cell."""
    first, second, *rest = ROWS.splitlines()
    cells = second.split(";")
    cells[column] = text
    return HEAD + "\n".join([first, ";".join(cells), *rest]) + "\n"


def _commas() -> list[Case]:
    decimal = PLAIN.replace("598.5", "598,50").replace("601.5", "601,5")
    dotted = decimal.replace(";1000\n", ";1.000\n").replace(";1200\n", ";12.345.678\n")
    either = HEAD + "2015-01-05;61,800;61,900;61,700;61,800;950\n"
    return [
        Case("csv", "decimal commas", decimal, None),
        Case("csv", "decimal commas and dots before thousands", dotted, None),
        Case("csv", "thousands", either.replace("950", "1,234,567"), None),
        Case(
            "csv",
            "commas that mean both",
            either,
            "line 2: open '61,800' can mean 61800 or 61.800.*1598.5",
        ),
        Case(
            "csv",
            "thousands without a separator too",
            either + "2015-01-06;61800;61900;61700;61,800;1,234,567\n",
            None,
        ),
        Case(
            "csv",
            "a decimal comma and a decimal point",
            cell("600,5"),
            "line 3: close '600,5' has a decimal comma, and '598.5' on line 2",
        ),
        Case(
            "csv",
            "a decimal comma and thousands",
            HEAD
            + "2015-01-05;598,50;1,234,567;598,50;598,50;9\n2015-01-06;1,234,567;1,234,567;598,50;598,50;9\n",
            "has a decimal comma",
        ),
        Case(
            "csv",
            "decimals in one column, thousands in another, both in a third",
            HEAD + "2015-01-05;598,50;600,10;597,10;598,000;1,234,567\n",
            "close '598,000' can mean",
        ),
        Case(
            "csv",
            "quoted commas in a file of commas",
            'Date,Open,High,Low,Close\n2015-01-05,"61,800","61,900","61,700","61,800"\n',
            None,
        ),
        Case("csv", "one comma at a wrong place", cell("6,00,0"), "'6,00,0' is not a number"),
        Case(
            "extra",
            "decimal commas",
            EXTRA + EXTRA_ROWS.replace("0.5", "0,5").replace("0.7", "0,71"),
            None,
        ),
        Case(
            "extra",
            "commas that mean both",
            EXTRA + "2015-01-05;2015-01-06;1,500\n",
            "can mean 1500 or 1.500",
        ),
    ]


def _cells() -> list[Case]:
    refused = {
        "infinity": "inf",
        "minus infinity": "-inf",
        "the word": "Infinity",
        "beyond floats": "1e999",
        "underscore": "1_000",
        "hexadecimal": "0x10",
        "formula": "=1+1",
        "command": "=cmd|' /C calc'!A0",
        "bidi": "\u202e100",
        "escape": "\x1b[31m1",
        "bell": "1\a",
        "zero": "0",
        "negative": "-5",
        "complex": "1+2j",
        "currency": "$100",
        "percent": "5%",
        "two points": "1.2.3",
        "a list": "[1]",
        "half of a character": "\ufffd",
        "long": "9" * 5000,
        "long word": "a" * 50_000,
        "minus": "\u22125",
        "spaces within": "1 000",
        "true": "true",
    }
    cases = [
        Case("csv", f"close {name}", cell(text), "2015-01-06|line 3")
        for name, text in refused.items()
    ]
    cases += [
        Case("csv", f"volume {name}", cell(refused[name], 5), "2015-01-06|line 3")
        for name in ("infinity", "beyond floats", "negative", "command", "long word")
    ]
    days = {
        "none": "",
        "no calendar day": "2015-02-30",
        "year 0": "0000-01-01",
        "Tehran": "1398-01-05",
        "Bangkok": "2562-01-05",
        "year 9999": "9999-12-31",
        "American": "01/06/2015",
        "words": "Jan 6, 2015",
        "NaT": "NaT",
        "today": "today",
        "number": "42010",
        "bidi": "\u202e2015-01-06",
        "long": "2015-01-06" * 9000,
    }
    cases += [Case("csv", f"date {name}", cell(text, 0), "line 3") for name, text in days.items()]
    cases += [
        Case("csv", "empty volume", cell("", 5), None),
        Case("csv", "NaN volume", cell("nan", 5), None),
        Case("csv", "Persian digits", cell("\u06f6\u06f0\u06f0"), None),
        Case(
            "csv",
            "a date twice",
            PLAIN + "2015-01-06;599;601.5;598;600;1200\n",
            "2015-01-06 comes twice",
        ),
        Case(
            "csv",
            "a date twice, one without a price",
            PLAIN + "2015-01-06;599;;598;600;1200\n",
            "2015-01-06 comes twice",
        ),
        Case("csv", "a date twice, one empty", PLAIN + "2015-01-06;;;;;\n", None),
        Case("extra", "infinity", EXTRA + "2015-01-05;2015-01-06;inf\n", "mood is inf"),
        Case(
            "extra",
            "a word of 50,000 letters",
            EXTRA + f"2015-01-05;2015-01-06;{'x' * 50_000}\n",
            "line 2: mood 'xxx",
        ),
        Case(
            "extra",
            "a name of 50,000 letters",
            f"date;known_at;{'x' * 50_000}\n2015-01-05;2015-01-06;a\n",
            "line 2",
        ),
        Case(
            "extra",
            "bidi in a name",
            "date;known_at;\u202emood\n2015-01-05;2015-01-06;a\n",
            r"\\u202emood",
        ),
        Case("extra", "bidi in a day", EXTRA + "2015-01-05;\u202e2015;1\n", "not a date"),
        Case(
            "extra",
            "known before it happened",
            EXTRA + "2015-01-05;2015-01-02;1\n",
            "lies before date",
        ),
        Case("extra", "the year 9999", EXTRA + "2015-01-05;9999-12-31;1\n", "year 9999"),
    ]
    return cases


def _shapes() -> list[Case]:
    cut: list[tuple[str, bytes | str, str | None]] = [
        ("empty", b"", "is empty"),
        ("spaces", b" \n \n", "is empty"),
        ("header alone", HEAD, "a header and no rows"),
        ("one letter", b"x", "no rows"),
        ("quotes without end", PLAIN + '"', "not a table"),
        ("quote within", cell('6"0'), "not a number"),
        ("zero byte", PLAIN.replace("600", "6\x000", 1), "line 2 holds a zero byte"),
        ("zero bytes alone", b"\0" * 10_000, "line 1 holds a zero byte"),
        ("UTF-16 without a mark", PLAIN.encode("utf-16-le"), "zero byte"),
        ("UTF-16 with a mark", PLAIN.encode("utf-16"), None),
        ("half of UTF-16", PLAIN.encode("utf-16")[:-1], "neither UTF-8"),
        ("a mark of UTF-8", b"\xef\xbb\xbf" + PLAIN.encode(), None),
        ("two marks", b"\xef\xbb\xbf\xef\xbb\xbf" + PLAIN.encode(), None),
        ("CP949", ("날짜" + PLAIN[4:]).encode("cp949"), None),
        ("no text", bytes(range(128, 256)) * 40, "neither UTF-8|not|no"),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 4, "."),
        ("an archive", b"PK\x03\x04\x14\x00\x00\x00", "."),
        ("a long line", PLAIN + "9" * 200_000, "line 5 has 200,000 letters"),
        ("a long header", "Date;" + "a" * 99_000 + "\n2015-01-05;1\n", "no column open"),
        (
            "many columns",
            ";".join(["Date", *map(str, range(2_000))]) + "\n2015-01-05;1\n",
            "has 2,001 cells",
        ),
        (
            "many names",
            ";".join(map(str, range(900))) + "\n" + ";".join("1" * 900) + "\n",
            "no column date",
        ),
        ("a column twice", PLAIN.replace("High", "open"), "two columns for open"),
        ("bidi in the header", PLAIN.replace("Close", "\u202eesolC"), "no column close"),
        (
            "control characters in the header",
            PLAIN.replace("Close", "\x1b]0;x\x07"),
            "no column close",
        ),
        ("a short row", PLAIN + "2015-01-08;1\n", "line 5 has 2 cells"),
        ("a row of 900 cells", PLAIN + "2015-01-08" + ";1" * 900 + "\n", "line 5 has 901 cells"),
        ("a row of bidi", PLAIN + "\u202e" * 9 + ";1\n", "line 5"),
        ("rows of separators", PLAIN + ";;;;;\n" * 50, None),
        ("line ends of old Macs", PLAIN.replace("\n", "\r"), None),
        ("line ends of both", PLAIN.replace("\n", "\r\n"), None),
        (
            "tickers without ours",
            "<TICKER>,<DTYYYYMMDD>,<OPEN>,<HIGH>,<LOW>,<CLOSE>\n"
            + "".join(f"{'Q' * 900}{i},20150105,1,1,1,1\n" for i in range(50)),
            "holds 50 tickers",
        ),
        ("JSON", b'{"a": [1, 2, 3]}\n{"a": 1}\n', "."),
        ("a web page", b"<!DOCTYPE html>\n<html><body>429 Too Many Requests</body></html>\n", "."),
        ("a formula for a header", b"=cmd|'/C calc'!A0\n1\n", "no column"),
    ]
    extra: list[tuple[str, bytes | str, str | None]] = [
        ("empty", b"", "is empty"),
        ("zero byte", EXTRA + "2015-01-05;2015-01-06;\0\n", "zero byte"),
        ("a long line", EXTRA + "9" * 200_000, "200,000 letters"),
        ("no text", b"\xff\xfe\xff" * 9, "neither UTF-8"),
        ("a row of 900 cells", EXTRA + "2015-01-05" + ";1" * 900 + "\n", "has 901 cells"),
        (
            "names in two capitals",
            EXTRA.replace("mood", "a;A") + "2015-01-05;2015-01-06;1;2\n",
            "two columns",
        ),
    ]
    return [
        *(Case("csv", *one) for one in cut),
        *(Case("extra", *one) for one in extra),
    ]


MAKERS: tuple[Callable[[], list[Case]], ...] = (_commas, _cells, _shapes)


def cases() -> list[Case]:
    """Return all of them."""
    return [case for maker in MAKERS for case in maker()]
