"""The form of a token: a prefix that scanners for leaked secrets find, 256 random bits, and a sum that tells slips.

`css_ids-1_<64 hex digits>_<8 hex digits>`: the last part is the CRC-32 (ISO 3309) of what stands before it. It proves
nothing; it lets a slip, or a made-up string, be refused without a question to the database, and a scanner be sure.
"""

import re
import zlib

_WHOLE = re.compile(r"(?P<body>cs[ads]_.+_[0-9a-f]{64})(?:_(?P<sum>[0-9a-f]{8}))?")


def token_of(prefix: str, name: str, bits: str) -> str:
    """A token from 64 hex digits of chance."""
    body = f"{prefix}_{name}_{bits}"
    return f"{body}_{_sum(body)}"


def is_whole(token: str) -> bool:
    """Could this be a token of ours? Those of before had no sum."""
    found = _WHOLE.fullmatch(token)
    return found is not None and found["sum"] in {None, _sum(found["body"])}


def _sum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
