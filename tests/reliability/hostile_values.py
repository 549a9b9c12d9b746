"""Values that people, machines and attackers leave in columns, by kind."""

# ruff: noqa: RUF001 - letters that look alike are the point
from __future__ import annotations

import unicodedata

from tests.reliability.tally import LONG

LARGE = 1_000_000 if LONG else 100_000  # characters
BLANKS = [chr(code) for code in range(1, 0x10000) if unicodedata.category(chr(code)) in ("Cc", "Zs", "Zl", "Zp")]
INVISIBLE = [*"\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164\ufe0f\ufeff\uffa0"]
BIDI = [*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]
KINDS: dict[str, list[str]] = {
    "nothing": [
        "", " ", "   ", "\t", "\n", "\r\n", "\u00a0\u200b\ufeff", "n/a", " N/A ", "NULL", "(null)", "<null>", "None",
        "nil", "unknown", "undefined", "not available", "0", "000-00-0000", "-", "--", "?", "...", "0 0", "0\u00a00",
        "-\t-", "\u202e\u202c",
    ],
    "blanks": [f"{blank}Ann{blank}{blank}Lee{blank}" for blank in (*BLANKS, *INVISIBLE, *BIDI)],
    "case": [
        "İstanbul", "ISTANBUL", "istanbul", "ıstanbul", "i\u0307stanbul", "Straße", "STRASSE", "STRAẞE", "straſſe",
        "K", "\u212a", "Å", "\u212b", "ΟΔΟΣ", "οδος", "οδοσ", "ΌΣΟΣ", "ǅ", "ǆ", "Ǆ", "ﬁn", "ŉ", "µ", "μ", "ÿ", "Ÿ",
        "Ω", "\u2126", "ЁЖ", "ёж", "Ａｎｎ", "ꟲ",
    ],
    "composed": [
        "José", "Jose\u0301", "Ångström", "A\u030angstro\u0308m", "Nguyễn", unicodedata.normalize("NFD","Nguyễn"), "ộ",
        "o\u0323\u0302", "o\u0302\u0323", "각", unicodedata.normalize("NFD","각"), "が", "か\u3099", "שָׁ", "ﬃ", "①", "²",
        "x" + "\u0301" * 50, "e\u0301" * 20, "\u0301", "Ё", "Е\u0308",
    ],
    "emoji": [
        "😀", "Ann 🙂", "👩‍👩‍👧‍👦", "🇩🇪", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "1\ufe0f\u20e3", "❤\ufe0f", "❤", "👍🏽", "A😀B", "©Ann®", "Ann™", "⚕", "🫠", "〰Ann〽",
    ],
    "right to left": [
        "שלום", "محمد", "\u202eevil\u202c", "\u2066Ann\u2069", "Ann\u200f", "A\u202enn", "\u202e", "\u061cعلی", "٣٣١",
        "۱۲۳", "،Ann؟", "א\u05beב", "abc\u202exyz\u2066\u2067",
    ],
    "controls": [
        "a\0b", "\0", "\0\0", " \0 ", "a\nb", "a\r\nb", "a\rb", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\x08b",
        "\x7f", "a\x85b", "\x9b31m", "a\u2028b", "\x01", "\ufffe", "\uffff", "\ufffd", "\ue000", "\U0010ffff",
        "\U000e0041", "a\x1ab",
    ],
    "quotes": [
        "'", "''", "'''", '"', '""', "`", "O'Brien", "O’Brien", "O\\'Brien", "\\", "\\\\", "a\\", "\\n", "\\u0041",
        "\\1", "$1", "$$", "$$;$$", "%", "_", "%s", "100%", "a_b", "a%b", "{x}", "{{ x }}", ":a", "?", "E'\\x41'",
        "«Ann»", "„Ann“",
    ],
    "SQL": [
        "'; drop table idr_out.entity_current; --", "' or '1'='1", "1; delete from people", "') union select 1 --",
        "/* */", "--", "; --", "null", "true", "current_user()", "$run_id", ":run_ts", "x' || (select 1) || '",
        "__idr_run__", "'||chr(0)||'", "e_1", "key_1",
    ],
    "formulas": [
        "=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1",
        "|calc", ";=1+1", '"=1+1"', "=1,2", "a,b", 'a","b', "a\n=1+1",
    ],
    "other languages": [
        "[bold]x[/bold]", "[/]", "[link=http://x]y[/link]", "<script>x</script>", "<b>", "&amp;", "${jndi:ldap://x}",
        "{{ 7*7 }}", "$(id)", "`id`", "../../etc/passwd", "!!python/name:os", "[1, 2]", '{"a": 1}', '{"a": "\\u0000"}',
        "a: b", "- a", "#", "&x *x",
    ],
    "numbers": [
        "1", "01", "1.0", "1e3", "+1", "-1", "-0", "0x10", "1_000", "1,000", "1.000,5", "NaN", "Infinity", "-inf",
        "9" * 40, "0.1", ".5", "5.", "１２", "٣", "½", "1 000", "2^53", "9007199254740993", "१२३", "1E400", "TRUE",
    ],
    "dates": [
        "2024-02-29", "2023-02-29", "2024-02-30", "2024/02/29", "2024.02.29", "20240229", "2024-2-9", "29.02.2024",
        "02/29/2024", "2024-02-29T23:59:60Z", "2024-02-29 10:00:00+14:00", "2024-02-29T", "0000-00-00", "0001-01-01",
        "9999-12-31", "10000-01-01", "-0044-03-15", "1900-01-01", "1582-10-10", "２０２４-０２-２９", "٢٠٢٤-٠٢-٢٩",
        "Feb 29, 2024", "now", "today", "epoch", "infinity", "1709164800", "2024-W09-4", "2024-060", "24-02-29",
        "202402291", "2024-13-01", "2024-00-10", "2024-02-29x",
    ],
    "addresses": [
        "Ann.Lee@Example.COM", " ann@x.org ", "ann+tag@gmail.com", "a.n.n@googlemail.com", "+tag@gmail.com",
        "...@gmail.com", "ann@localhost", "ann@x..org", "ann@x.org.", "ann@-x.org", "ann@x-.org", "ann@@x.org",
        "a@b@x.org", "@x.org", "ann@", "Ann <ann@x.org>", '"ann"@x.org', "ann@[127.0.0.1]", "JOSÉ@example.com",
        "jose\u0301@example.com", "ann@bücher.example", "ann@xn--bcher-kva.example", "an\u200bn@x.org",
        "ann@x.org\u202e", "\u202eann@x.org", "a\0n@x.org", "ann\n@x.org", "=ann@x.org", "'ann'@x.org",
        "ann@x.org; bob@x.org", "mailto:ann@x.org", "İ@x.org", "ΣΑΣ@x.org", "ß@x.org",
    ],
    "phone numbers": [
        "(212) 555-0123", "1-212-555-0123 x9", "+44 (0)20 7946 0958", "011 44 20 7946 0958", "２１２ ５５５ ０１２３",
        "٢١٢٥٥٥٠١٢٣", "+1 212 555 0123\u202c", "\u202a+12125550123\u202c", "212\u2011555\u20110123", "212–555–0123",
        "++12125550123", "+", "+0", "(222) 222-2222", "1-800-FLOWERS", "911", "+999 1234567", "tel:+1-212-555-0123",
        "212.555.0123 доб. 5", "212.555.0123 转 5", "212 555 0123 внутр 7", "=2125550123", "+12125550123\n+12125550124",
        "2125550123,,9#",
    ],
    "large": [
        "x" * LARGE, "1" * LARGE, " " * LARGE, "é" * LARGE, "e\u0301" * (LARGE // 2), "😀" * LARGE, "\u202e" * LARGE,
        "-" * LARGE, "0" * LARGE, "a@" + "b." * (LARGE // 2) + "org", "x" * LARGE + "@x.org", "'" * LARGE,
        "\n" * LARGE, " " * LARGE + "Ann", "2024-02-29T1" + "0" * LARGE, "+1" + " " * LARGE + "2125550123",
        "\0" * LARGE,
    ],
}  # fmt: skip


def values() -> list[str]:
    """Each of them once."""
    return list(dict.fromkeys(text for texts in KINDS.values() for text in texts))
