"""What the web edge is told of the settings file."""

from __future__ import annotations

from pathlib import Path

from caruso.config.load import load_config
from caruso.part_settings import asterisk_settings, web_settings
from caruso.web.contact_search import number_asked
from caruso.web.resources import ContactsQuery


def test_a_number_that_is_looked_for_is_one_of_the_servers_country(tmp_path: Path) -> None:
    file = tmp_path / "caruso.toml"
    file.write_text('[server]\ncountry = "GB"\n', encoding="utf-8")
    config = load_config(file, {})
    settings = web_settings(config, asterisk_settings(config))
    part = number_asked(ContactsQuery(number="020 79"), settings.country)
    assert part is not None
    assert (part.begins, part.has) == (("+442079",), "02079")
