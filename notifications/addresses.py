"""The addresses that are secrets: contact points name them, a file of the keys folder holds them."""

import tomllib
from pathlib import Path

from csirt.errors import Invalid


def addresses_from(path: Path) -> dict[str, str]:
    """The file of addresses: `name = "url"`, one a line. Empty where there is none.

    Raises:
        Invalid: `apprise_file_malformed`; nothing of the file is repeated.
    """
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError):
        raise Invalid("apprise_file_malformed", file=path.name) from None
    if not all(isinstance(url, str) for url in table.values()):
        raise Invalid("apprise_file_malformed", file=path.name)
    return table
