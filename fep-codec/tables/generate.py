#!/usr/bin/env python3
"""Writes the charset tables of fep-codec from ICU's converters. With --check it compares them and writes nothing.

Needs `uconv` (Debian: icu-devtools). The script is in Python because it runs only to make or check a table, never in a build: the
crate reads the committed files. Each file is a sequence of 16-bit little-endian numbers, 0 where there is no character.

    ksx1001.bin   94 x 94    KS X 1001, rows and columns A1 to FE
    ibm1364.bin   45 x 191   Korean EBCDIC, first byte 40 to 6C, second 40 to FE: symbols and hanja (Hangul is a formula)
    cp932.bin     60 x 189   Microsoft's Shift_JIS, first byte 81 to 9F and E0 to FC, second 40 to FC (from Python's codec)
    ibm1390.bin   99 x 191   Japanese EBCDIC, first byte 40 to 68 and B3 to EC, second 40 to FE (the user area between is a formula)
    ibm1390-wide.bin  328 x 2  UTF-16, sorted: entry N is the text of D800 + N in ibm1390.bin, a character beyond FFFF or two characters
    ebcdic.bin     9 x 256   single bytes of IBM-833, 290, 1027, 037, 500, 1047, 1140, 8482, 5123; FFFF where there is no character
    ibm933.bin   11,172 bits Hangul syllables that IBM-933 has, the first in the lowest bit of the first byte
"""
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
NO_CHARACTER = "\ufffd\x1a"


def convert(charset, data):
    """The characters of these bytes. Bytes that are not a character become one of NO_CHARACTER."""
    command = ["uconv", "-f", charset, "-t", "utf-32be", "--from-callback", "substitute"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode("utf-32be")


def pairs(charset, leads, trails, before, after, mark):
    """The characters of two-byte codes. `after` ends each code and decodes to `mark`, which is not the text of any code."""
    codes = [(lead, trail) for lead in leads for trail in trails]
    data = b"".join(before + bytes(code) + after for code in codes)
    texts = convert(charset, data).split(mark)[:-1]
    assert len(texts) == len(codes), charset
    return {code: text for code, text in zip(codes, texts) if text and not set(text) & set(NO_CHARACTER)}


def square(table, leads, trails):
    """A table with one character for each code, as numbers."""
    texts = [table.get((lead, trail), "\0") for lead in leads for trail in trails]
    assert all(len(text) == 1 for text in texts)
    return numbers(map(ord, texts))


def numbers(values):
    return b"".join(struct.pack("<H", value) for value in values)


def ksx1001():
    rows = range(0xA1, 0xFF)
    table = pairs("windows-949-2000", rows, rows, b"", b"\n\n", "\n\n")
    table = {code: text for code, text in table.items() if not "\ue000" <= text[0] <= "\uf8ff"}
    table[0xA2, 0xE8] = "\u327e"  # added to the standard in 2002, after CP949 was fixed
    return square(table, rows, rows)


def cp932():
    leads = [*range(0x81, 0xA0), *range(0xE0, 0xFD)]
    codes = [bytes([lead, trail]) for lead in leads for trail in range(0x40, 0xFD)]
    texts = [code.decode("cp932", errors="replace") for code in codes]
    return numbers(ord(text) if len(text) == 1 and text != "\ufffd" else 0 for text in texts)


def shifted(charset, leads):
    """The table of all two-byte codes between SO and SI."""
    trails = range(0x40, 0xFF)
    return square(pairs(charset, leads, trails, b"\x0e", b"\x0f\x40\x40", "  "), leads, trails)


def ibm1390():
    """The two-byte codes of IBM-1390 and IBM-1399, and the texts that a 16-bit number cannot hold."""
    leads, trails = [*range(0x40, 0x69), *range(0xB3, 0xED)], range(0x40, 0xFF)
    tables = [pairs(charset, range(0x40, 0xFF), trails, b"\x0e", b"\x0f\x40\x40", "  ")
              for charset in ("ibm-1390", "ibm-1399", "ibm-930", "ibm-939")]
    both, early = tables[0], tables[2]
    assert both == tables[1] and early == tables[3]
    # IBM-930 has the codes before 69, except for the euro sign. The user area is contiguous.
    assert early.items() <= both.items()
    assert {code for code in both if code[0] < 0x69 and code not in early} == {(0x42, 0xE1)}
    user = {code: text for code, text in both.items() if 0x69 <= code[0] <= 0x89}
    assert all(ord(text) == 0xE000 + (lead - 0x69) * 190 + trail - 0x41 for (lead, trail), text in user.items())
    assert len(user) == 6205 and {code[0] for code in both} <= {*leads, *range(0x69, 0x8A)}
    wide = sorted({text.encode("utf-16-be") for text in both.values() if len(text.encode("utf-16-be")) == 4})
    for code, text in both.items():
        if text.encode("utf-16-be") in wide:
            both[code] = chr(0xD800 + wide.index(text.encode("utf-16-be")))
    return square(both, leads, trails), b"".join(numbers(struct.unpack(">2H", units)) for units in wide)


def single(charset):
    """Converts each byte on its own, because SO and SI change the state for the bytes after them."""
    texts = [convert(charset, bytes([byte])) for byte in range(256)]
    return numbers(ord(text) if text and (text not in NO_CHARACTER or byte == 0x3F) else 0xFFFF
                   for byte, text in enumerate(texts))


def hangul_of_933():
    both = [pairs(charset, range(0x84, 0xD4), range(0x41, 0xFF), b"\x0e", b"\x0f\x40\x40", "  ")
            for charset in ("ibm-933", "ibm-1364")]
    assert all(both[1][code] == text for code, text in both[0].items())
    has = {ord(text) - 0xAC00 for text in both[0].values()}
    return bytes(sum((8 * byte + bit in has) << bit for bit in range(8)) for byte in range((11172 + 7) // 8))


def main():
    singles = ["ibm-933", "ibm-930", "ibm-939", "ibm-37", "ibm-500", "ibm-1047", "ibm-1140", "ibm-1390", "ibm-1399"]
    japanese, wide = ibm1390()
    files = {
        "ksx1001.bin": ksx1001(),
        "ibm1364.bin": shifted("ibm-1364", range(0x40, 0x6D)),
        "cp932.bin": cp932(),
        "ibm1390.bin": japanese,
        "ibm1390-wide.bin": wide,
        "ebcdic.bin": b"".join(map(single, singles)),
        "ibm933.bin": hangul_of_933(),
    }
    different = [name for name, data in files.items() if not (HERE / name).exists() or (HERE / name).read_bytes() != data]
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"differ from ICU's data: {', '.join(different)}" if different else 0)
    for name in different:
        (HERE / name).write_bytes(files[name])
        print(f"wrote {name}")


main()
