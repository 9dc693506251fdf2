"""Japanese text in mail, whatever its declaration says: ISO-2022-JP, Shift_JIS, EUC-JP, UTF-8.

Mail lies about its charset: relays strip declarations, products declare one and write another. What is declared is
believed when it decodes and reads as Japanese; otherwise the reading that looks most like Japanese is taken. Nothing
here raises on content; every step takes time in proportion to the bytes.
"""

import re
import unicodedata

_ESCAPE = re.compile(rb"\x1b[$(]")
_SEGMENT = re.compile(rb"\x1b(\$\([@BD]|\$[@B]|\([BJI])")
_NAMES = {
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "cp932"), "cp932"),
    **dict.fromkeys(("euc-jp", "euc_jp", "eucjp", "x-euc-jp"), "euc_jp"),
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"), ""),  # declared for anything
}
_GUESSES = ("utf-8", "euc_jp", "cp932")
_SAMPLE = 20_000


def to_text(raw: bytes, declared: str | None = None) -> str:
    """Bytes of mail as text. No NUL, line ends as line feeds; what no charset explains is marked with U+FFFD."""
    raw = raw.replace(b"\0", b"").replace(b"\r\n", b"\n")
    if not raw.isascii():
        return _eight_bits(raw, (declared or "").strip().strip("\"'").casefold())
    return from_escapes(raw) if _ESCAPE.search(raw) else raw.decode("ascii")


def _eight_bits(raw: bytes, declared: str) -> str:
    """Text with bytes above 127: the declared charset if it reads well, else the one that reads best."""
    wanted = _NAMES.get(declared, declared)
    names = [name for name in dict.fromkeys((wanted, *_GUESSES)) if name]
    readings = [text for name in names if (text := _strict(raw, name)) is not None]
    if not readings:
        return raw.decode("utf-8" if wanted in {"", "utf-8"} else _lenient(wanted), "replace")
    return max(readings, key=_likeness)


def _lenient(name: str) -> str:
    """A charset that can be decoded with marks; UTF-8 for names that Python does not know as text."""
    try:
        b"a".decode(name)
    except (LookupError, ValueError):
        return "utf-8"
    return name


def _strict(raw: bytes, name: str) -> str | None:
    """The text by one charset, or None. EUC-JP as Windows writes it is read by way of Shift_JIS."""
    try:
        return raw.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return _windows_euc(raw) if name == "euc_jp" else None


def _windows_euc(raw: bytes) -> str | None:
    """EUC-JP with the signs of Windows (row 13: circled numbers, units), which Python's table lacks."""
    out = bytearray()
    at = 0
    while at < len(raw):
        high = raw[at]
        if high < 0x80:
            out.append(high)
            at += 1
        elif high == 0x8E and at + 1 < len(raw):
            out.append(raw[at + 1])
            at += 2
        elif high >= 0xA1 and at + 1 < len(raw) and raw[at + 1] >= 0xA1:
            out += _shifted(high & 0x7F, raw[at + 1] & 0x7F)
            at += 2
        else:
            return None
    try:
        return out.decode("cp932")
    except UnicodeError:
        return None


def from_escapes(raw: bytes) -> str:
    """ISO-2022-JP, with the signs of Windows and half-width katakana that products put into it."""
    try:
        return raw.decode("iso2022_jp_ext")
    except UnicodeError:
        pass
    parts = _SEGMENT.split(raw)
    out = bytearray(parts[0])
    for mark, text in zip(parts[1::2], parts[2::2], strict=True):
        if mark == b"(I":
            out += bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in text)
        elif mark.startswith(b"$"):
            out += _two_bytes(text)
        else:
            out += text
    return out.decode("cp932", "replace")


def _two_bytes(text: bytes) -> bytes:
    """A segment of JIS X 0208 as Shift_JIS; a line end inside it stays one."""
    out = bytearray()
    at = 0
    while at < len(text):
        pair = text[at : at + 2]
        if len(pair) == 2 and all(0x21 <= byte <= 0x7E for byte in pair):
            out += _shifted(pair[0], pair[1])
            at += 2
        else:
            out.append(text[at])
            at += 1
    return bytes(out)


def _shifted(high: int, low: int) -> bytes:
    """Two bytes of JIS X 0208 as the two bytes of Shift_JIS (JIS X 0208:1997, annex 1)."""
    first = (high + 1) // 2 + (0x70 if high < 0x5F else 0xB0)
    second = low + (0x7E if high % 2 == 0 else 0x20 if low >= 0x60 else 0x1F)
    return bytes((first, second))


def _likeness(text: str) -> float:
    """How much a text looks like Japanese: kana and common signs speak for it, half-width kana and oddities against."""
    foreign = [sign for sign in text[:_SAMPLE] if sign > "\x7f"]
    return sum(map(_weight, foreign)) / max(1, len(foreign))


def _weight(sign: str) -> float:
    if "\u3041" <= sign <= "\u30fe" or sign in "、。「」・ー（）：　":
        return 2.0
    if "\uff61" <= sign <= "\uff9f":
        return -1.5
    if "\u4e00" <= sign <= "\u9fff":
        return 1.0
    if unicodedata.category(sign) in {"Co", "Cn", "Cc"}:
        return -5.0
    return 0.5 if "\uff01" <= sign <= "\uff5e" else -0.5
