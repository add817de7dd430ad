"""Prints all characters of charsets according to an independent program: `oracle.py icu|python|glibc CHARSET…`.

For each charset that the program knows, it prints a line `c CHARSET`. Then come lines `d BYTES CHARACTERS` for each code of one or two
bytes that the program reads, and lines `e CHARACTER BYTES` for each character up to U+1FFFF or U+2FFFF that it writes. All values are in
hex. SO and SI are omitted. It fails if the program is missing.
"""
import ctypes
import subprocess
import sys

ICU = {"ascii": "us-ascii", "cp949": "windows-949-2000", "ibm933": "ibm-933", "ibm1364": "ibm-1364", "cp037": "ibm-37",
       "cp500": "ibm-500", "cp1047": "ibm-1047", "cp1140": "ibm-1140", "ibm930": "ibm-930", "ibm939": "ibm-939",
       "ibm1390": "ibm-1390", "ibm1399": "ibm-1399", "cp932": "ibm-943_P15A-2003", "iso-8859-1": "iso-8859-1",
       "iso-8859-15": "iso-8859-15", "windows-1252": "windows-1252"}
PYTHON = {"ascii": "ascii", "euc-kr": "euc_kr", "cp949": "cp949", "johab": "johab", "cp037": "cp037", "cp500": "cp500",
          "cp1140": "cp1140", "cp932": "cp932", "iso-8859-1": "iso8859_1", "iso-8859-15": "iso8859_15",
          "windows-1252": "cp1252"}
GLIBC = {"ascii": "ASCII", "euc-kr": "EUC-KR", "cp949": "UHC", "johab": "JOHAB", "ibm933": "IBM933", "ibm1364": "IBM1364",
         "cp037": "IBM037", "cp500": "IBM500", "cp1047": "IBM1047", "cp1140": "IBM1140", "cp932": "IBM943",
         "ibm930": "IBM930", "ibm939": "IBM939", "ibm1390": "IBM1390", "ibm1399": "IBM1399",
         "iso-8859-1": "ISO-8859-1", "iso-8859-15": "ISO-8859-15", "windows-1252": "CP1252"}
SHIFTED = {"ibm933", "ibm1364", "ibm930", "ibm939", "ibm1390", "ibm1399"}
POINTS = [point for point in range(0x20000) if not 0xD800 <= point < 0xE000]
SINGLES = [bytes([byte]) for byte in range(256)]
PAIRS = [bytes([lead, trail]) for lead in range(0x40, 0x100) for trail in range(0x30, 0x100)]


def points_of(charset):
    """Only two charsets have characters in plane 2."""
    return POINTS + list(range(0x20000, 0x30000)) if charset in ("ibm1390", "ibm1399") else POINTS


def print_decoded(code, text, shifted=False):
    """Two bytes that give two characters are not one code, except between SO and SI."""
    if text and len(text) <= len(code) and (shifted or len(code) == 1 or len(text) == 1):
        print("d", code.hex(), " ".join(f"{ord(character):04x}" for character in text))


def uconv(*arguments, data):
    return subprocess.run(["uconv", *arguments], input=data, capture_output=True, check=True).stdout


def icu(charset):
    name, shifted = ICU[charset], charset in SHIFTED
    ebcdic = uconv("-f", "utf-8", "-t", name, data=b" ") == b"\x40"
    end = b"\x25" if ebcdic else b"\n"
    singles = [code for code in SINGLES if code != end and not (shifted and code in b"\x0e\x0f")]
    pairs = [] if ebcdic and not shifted or charset == "ascii" else [code for code in PAIRS if code[1] >= 0x30]
    before, after = (b"\x0e", b"\x0f") if shifted else (b"", b"")
    data = [code + end for code in singles] + [before + code + after + end for code in pairs]
    texts = uconv("-f", name, "-t", "utf-32be", "--from-callback", "substitute", data=b"".join(data)).decode("utf-32be")
    texts = texts.split("\n")[:-1]
    assert len(texts) == len(data), name
    for code, text in zip(singles + pairs, texts):
        substitutes = "\ufffd" if code in (b"\x1a", b"\x3f", b"\x7f") else "\ufffd\x1a"
        if not set(text) & set(substitutes):
            print_decoded(code, text, shifted)
    print("d", end.hex(), "000a")
    print("e", "000a", end.hex())
    points = [point for point in points_of(charset) if point != 0x0A]
    data = "".join(chr(point) + "\n" for point in points).encode("utf-8")
    written = uconv("-f", "utf-8", "-t", name, "--to-callback", "skip", "--no-fallback", data=data).split(end)[:-1]
    assert len(written) == len(points), name
    for point, code in zip(points, written):
        code = code.strip(b"\x0e\x0f") if shifted else code
        if code:
            print("e", f"{point:04x}", code.hex())


def python(charset):
    name = PYTHON[charset]
    for code in SINGLES + PAIRS:
        try:
            print_decoded(code, code.decode(name))
        except UnicodeDecodeError:
            pass
    for point in POINTS:
        try:
            print("e", f"{point:04x}", chr(point).encode(name).hex())
        except UnicodeEncodeError:
            pass


def glibc(charset):
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    libc.iconv_open.restype = ctypes.c_void_p
    libc.iconv.argtypes = [ctypes.c_void_p] + [ctypes.c_void_p] * 4
    libc.iconv.restype = ctypes.c_size_t

    def converter(to, source):
        handle = libc.iconv_open(to.encode(), source.encode())
        if handle == ctypes.c_void_p(-1).value:
            raise LookupError(to, source)
        return handle

    def convert(handle, data):
        out = ctypes.create_string_buffer(64)
        taken, given = ctypes.c_char_p(data), ctypes.c_void_p(ctypes.addressof(out))
        left, room = ctypes.c_size_t(len(data)), ctypes.c_size_t(64)
        libc.iconv(handle, None, None, None, None)
        result = libc.iconv(handle, *map(ctypes.byref, (taken, left, given, room)))
        if result != 0 or left.value:
            return None
        libc.iconv(handle, None, None, ctypes.byref(given), ctypes.byref(room))
        return out.raw[:64 - room.value]

    name, shifted = GLIBC[charset], charset in SHIFTED
    read, write = converter("UTF-32BE", name), converter(name, "UTF-32BE")
    for code in SINGLES + PAIRS:
        wire = b"\x0e" + code + b"\x0f" if shifted and len(code) == 2 else code
        text = convert(read, wire)
        if text is not None and not (shifted and code in (b"\x0e", b"\x0f")):
            print_decoded(code, text.decode("utf-32be"), shifted)
    for point in points_of(charset):
        code = convert(write, chr(point).encode("utf-32be"))
        if code:
            print("e", f"{point:04x}", (code.strip(b"\x0e\x0f") if shifted else code).hex())


def main():
    program, *charsets = sys.argv[1:]
    tables = {"icu": (ICU, icu), "python": (PYTHON, python), "glibc": (GLIBC, glibc)}
    names, run = tables[program]
    for charset in charsets:
        if charset in names:
            print("c", charset)
            run(charset)


main()
