"""A data folder is founded whole, or can be founded again."""

from pathlib import Path

import pytest

from csirt import founding
from csirt.errors import Invalid


def test_a_city_file_that_cannot_be_understood_leaves_no_city(tmp_path: Path) -> None:
    right = founding.SAMPLE_CITY.read_text(encoding="utf-8")
    files = founding.read_toml(founding.SAMPLE_CITY)["files"]
    for name in (*(files.pop("chains")), *files.values()):
        right = right.replace(f'"{name}"', f'"{(founding.SAMPLE_CITY.parent / name).resolve()}"')
    wrong = right.replace("[level_setters]", '[level_setters]\nlofty = "ciso"')
    if wrong == right:
        wrong = right + '\n[level_setters]\nlofty = "ciso"\n'
    city, data = tmp_path / "city.toml", tmp_path / "data"
    city.write_text(wrong, encoding="utf-8")
    with pytest.raises(Invalid, match="value_malformed"):
        founding.found(data, city)
    assert not founding.is_founded(data)
    city.write_text(right, encoding="utf-8")
    founding.found(data, city)
    assert founding.load(data, {}).chains
