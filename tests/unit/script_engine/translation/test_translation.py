"""Taking texts out of scripts and putting translations in: nothing else may change, and nothing may slip in."""

from __future__ import annotations

import io
import re
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from caruso.errors import Located, RejectedInput
from caruso.script_engine.loader import load
from caruso.script_engine.translation.catalogues import from_po, to_po
from caruso.script_engine.translation.importing import Imported, Translation, put_in
from caruso.script_engine.translation.markup import fragment, mistakes, shown
from caruso.script_engine.translation.tables import (
    from_csv,
    from_xlsx,
    guarded,
    to_csv,
    to_xlsx,
    unguarded,
)
from caruso.script_engine.translation.units import ANY, Texts, read_texts

ROOT = Path(__file__).parents[4]
SCRIPTS = sorted([*ROOT.glob("packs/*/scripts/*.xml"), *ROOT.glob("scripts/examples/*.xml")])
SOURCE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- not a <text> -->
<dialog id="meter" version='1.0'
        languages="en de">
  <title lang="en">Meter &amp; more</title>
  <title>Zähler</title>
  <on event="help" attempt="2"><text>Ask   for
     help.</text></on>
  <question id="reading" type="digits" min="1 &lt; 2 ? 1 : 0">
    <text lang="en">What does it show, <value of="call.name" if-empty="friend"/>?</text>
    <text lang="de">Was zeigt er, <value if-empty="Freund" of='call.name'/>?</text>
    <text lang="en" channel="phone" if="known(call.name)" audio="reading">Key it in.<!-- slowly --></text>
    <hint lang="en">See <link to="https://example.com/a">here</link>, <em>please</em>.</hint>
    <check if="answers.reading = '1'"><text lang="en">Too <![CDATA[<small>]]>.</text></check>
    <check if="answers.reading = '2'"><text lang="en">Too big.</text></check>
  </question>
  <end id="over" outcome="done"><text lang="en"/></end>
  <note>An internal <text/> is none.</note>
</dialog>
""".replace("  <note>An internal <text/> is none.</note>\n", "")


def texts(source: str = SOURCE, encoding: str = "utf-8") -> Texts:
    return read_texts(source.encode(encoding), "meter.xml")


def put(*translations: Translation, source: str = SOURCE, version: str | None = None) -> Imported:
    return put_in(texts(source), translations, "meter.de.po", version=version)


def one(id_: str, language: str, text: str, **more: str) -> Translation:
    return Translation(id=id_, language=language, text=text, line=7, original=more.get("original"))


def rules(imported: Imported) -> list[tuple[str, str]]:
    return [
        (finding.level, finding.rule) for finding in imported.findings if finding.rule != "missing-translation"
    ]


def test_every_text_has_an_id_that_says_where_it_is() -> None:
    found = {unit.id: unit for unit in texts().units}
    condition = next(name for name in found if "?" in name)
    assert set(found) == {
        "title",
        "on.help.2/text",
        "reading/text",
        condition,
        "reading/hint",
        "reading/check/text",
        "reading/check.2/text",
        "over/text",
    }
    assert re.fullmatch(r"reading/text@phone\?[0-9a-f]{6}", condition)
    assert found[condition].context == "on phone, if known(call.name)"
    assert found["title"].wordings[ANY].shown == "Zähler"
    assert found["title"].wordings["en"].shown == "Meter &amp; more"
    assert found["on.help.2/text"].wordings[ANY].shown == "Ask for help."
    assert found["reading/text"].wordings["de"].shown == 'Was zeigt er, <value if-empty="Freund" of="call.name"/>?'
    assert found[condition].wordings["en"].shown == "Key it in."
    assert found["reading/check/text"].wordings["en"].shown == "Too &lt;small&gt;."
    assert (found["over/text"].wordings["en"].shown, found["reading/text"].wordings["en"].line) == ("", 10)


def test_an_id_stays_when_other_texts_come_and_go() -> None:
    before = {unit.id for unit in texts().units}
    moved = SOURCE.replace(
        '<question id="reading"', '<info id="new"><text>New</text></info><question id="reading"'
    )
    assert {unit.id for unit in texts(moved).units} == before | {"new/text"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_comes_back_as_it_was_through_every_form(path: Path) -> None:
    source = path.read_bytes()
    found = read_texts(source, path.name)
    first = found.languages[0]
    for translations in (
        from_csv(to_csv(found), "t.csv", first),
        from_xlsx(to_xlsx(found), "t.xlsx", first),
        *(from_po(to_po(found, language), "t.po") for language in found.languages),
    ):
        imported = put_in(found, translations, "t")
        assert imported.source == source
        assert imported.changed == ()
        assert [f for f in imported.findings if f.level == "error"] == []


@pytest.mark.parametrize(
    "source",
    [
        SOURCE.encode(),
        SOURCE.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + SOURCE.encode(),
        SOURCE.replace("UTF-8", "iso-8859-1").encode("iso-8859-1"),
    ],
)
def test_a_translation_is_put_in_its_place_and_all_the_rest_stays(source: bytes) -> None:
    found = read_texts(source, "meter.xml")
    imported = put_in(
        found,
        [
            one("reading/hint", "de", 'Siehe <link to="https://example.com/a">dort</link> – <em>bitte</em>'),
            one("reading/check.2/text", "en", "Far too big & wide."),
            one("over/text", "en", "Bye."),
        ],
        "t",
    )
    assert rules(imported) == []
    text = imported.source.decode(found.encoding)
    dash = "–" if "utf" in found.encoding else "&#8211;"
    end = "\r\n" if b"\r\n" in source else "\n"
    link = '<link to="https://example.com/a">dort</link>'
    hint = f'</hint>{end}    <hint lang="de">Siehe {link} {dash} <em>bitte</em></hint>'
    assert hint in text
    assert '<text lang="en">Far too big &amp; wide.</text>' in text
    assert '<text lang="en">Bye.</text>' in text
    back = text.replace(hint, "</hint>").replace("Far too big &amp; wide.", "Too big.")
    assert back.replace('<text lang="en">Bye.</text>', '<text lang="en"/>') == source.decode(found.encoding)
    load(imported.source)


def test_a_new_wording_is_said_when_the_original_is_and_not_by_its_recording() -> None:
    name = next(unit.id for unit in texts().units if "?" in unit.id)
    imported = put(one(name, "de", "Tippen Sie."))
    line = '<text lang="de" channel="phone" if="known(call.name)">Tippen Sie.</text>'
    assert line in imported.source.decode()


def test_a_language_that_is_new_is_named_and_the_version_set() -> None:
    imported = put(
        one("reading/text", "it", 'Che cosa segna, <value of="call.name" if-empty="amico"/>?'), version="1.1"
    )
    assert '<dialog id="meter" version=\'1.1\'\n        languages="en de it">' in imported.source.decode()
    dialog = load(imported.source)
    assert (dialog.version, dialog.languages) == ("1.1", ("en", "de", "it"))


@pytest.mark.parametrize(
    ("id_", "text", "says"),
    [
        ("reading/text", "Und jetzt?", "<value of=“call.name”> is missing"),
        ("reading/text", '<value of="call.nmae"/>', "<value of=“call.nmae”> is not in the original"),
        ("reading/text", '<value of="call.name"/><value of="call.name"/>', "is not in the original"),
        ("reading/text", '<value of="call.name" format="digits"/>', "is missing"),
        ("reading/hint", "hier <em>bitte</em>", "<link to=“https://example.com/a”> is missing"),
        ("reading/hint", '<link to="https://evil.example">hier</link>', "is not in the original"),
        ("reading/hint", '<link to="https://example.com/a">hier', "<link> is not closed"),
        ("reading/hint", 'a</em> <link to="https://example.com/a">x</link>', "</em> closes nothing"),
        ("reading/check/text", "Zu <b>klein</b>", "no tag <b>"),
        ("reading/check/text", "kleiner < 5", "begins no tag"),
        ("reading/check/text", "a</text><do service='x.y'/><text>", "no tag <text>"),
        ("reading/check/text", "a\x00b", "no script can carry"),
        ("title", "<em>Zähler</em>", "plain text"),
        ("reading/check/text", "x" * 20_001, "20000 characters"),
    ],
)
def test_a_translation_with_a_mistake_is_left_out_and_told(id_: str, text: str, says: str) -> None:
    imported = put(one(id_, "de", text))
    (finding, *_) = imported.findings
    assert (finding.level, finding.file, finding.line) == ("error", "meter.de.po", 7)
    assert any(says in found.message for found in imported.findings)
    assert imported.refused
    assert imported.source.decode() == SOURCE


def test_what_is_unknown_twice_empty_unsure_or_outdated_is_told() -> None:
    unsure = Translation(id="reading/hint", language="de", text="x", unsure=True)
    imported = put(
        one("readin/text", "de", "x"),
        one("reading/check/text", "de", "Zu klein", original="Too tiny."),
        one("reading/check/text", "de", "Zu kurz"),
        one("reading/check.2/text", "de", " "),
        unsure,
        one("over/text", "klingon!", "x"),
    )
    assert rules(imported) == [
        ("warning", "unknown-text"),
        ("warning", "outdated-translation"),
        ("error", "twice"),
        ("error", "wrong-language"),
    ]
    assert "did you mean “reading/text”?" in imported.findings[0].suggestion
    missing = [f.message for f in imported.findings if f.rule == "missing-translation"]
    assert "“reading/hint” has no text in “de”." in missing
    assert not any("on.help" in message for message in missing), "that one serves for all"
    assert imported.changed == (("reading/check/text", "de"),)


def test_an_original_changed_with_its_translations_is_not_outdated() -> None:
    table = "id,context,en,de\nreading/check.2/text,,Far too big.,Viel zu groß.\n"
    imported = put_in(texts(), from_csv(table.encode(), "t.csv", "en"), "t.csv")
    assert rules(imported) == []
    assert len(imported.changed) == 2


@pytest.mark.parametrize(
    "table",
    [b"", b"a,b\n", b"\xff", b"id,en,en\n", b'id,en\n"' + b"x" * 200_000, b"id,en\n" + b"a,b\n" * 20_001],
)
def test_what_is_no_table_is_refused_with_its_place(table: bytes) -> None:
    with pytest.raises(RejectedInput, match=r"t\.csv") as refused:
        from_csv(table, "t.csv", "en")
    assert {finding.rule for finding in refused.value.findings} == {"translations"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not really", b"id,en\n", bytes(500)])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(RejectedInput, match="no workbook"):
        from_xlsx(data, "t.xlsx", "en")


@pytest.mark.parametrize("data", [b"\xff", b"msgid", b'msgid ""\nmsgstr "Language: "\n', b"garbage \x01\n"])
def test_what_is_no_catalogue_is_refused(data: bytes) -> None:
    with pytest.raises(RejectedInput, match=r"t\.po"):
        from_po(data, "t.po")


def test_a_table_with_semicolons_as_some_spreadsheets_write_it_is_read() -> None:
    found = from_csv(b"id;context;de\nreading/check/text;;Zu; klein\n", "t.csv", "en")
    assert [(t.id, t.language, t.text, t.line) for t in found] == [("reading/check/text", "de", "Zu", 2)]


# -- Formulas -------------------------------------------------------------------------------------------------


@given(st.text(max_size=40))
def test_no_cell_is_a_formula_and_every_cell_comes_back(text: str) -> None:
    cell = guarded(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(cell) == text


def test_an_apostrophe_of_the_language_stays() -> None:
    for text in ("'s Morgens", "'", "''", "'=x"):
        assert unguarded(guarded(text)) == text
    assert unguarded("'s Morgens") == "'s Morgens"


def test_a_text_that_looks_like_a_formula_is_none_in_the_workbook() -> None:
    source = SOURCE.replace("Too big.", "=HYPERLINK(&quot;http://evil.example&quot;)")
    found = texts(source)
    sheet = load_workbook(io.BytesIO(to_xlsx(found))).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert [(cell.data_type, str(cell.value)[:2]) for cell in cells] == [("s", "'=")]
    assert b"'=HYPERLINK" in to_csv(found)
    assert put_in(found, from_csv(to_csv(found), "t", "en"), "t").source.decode() == source


# -- Whatever a translator writes -----------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("<>&'\";=]"), max_size=30)


def skeleton(text: str) -> str:
    """Return a script without its texts."""
    return re.sub(r"\s*<(text|hint|title)\b[^>]*?(/>|>.*?</\1>)", "", text, flags=re.DOTALL)


@given(st.dictionaries(st.sampled_from(["title", "reading/check/text", "over/text", "on.help.2/text"]), WORDS))
def test_whatever_words_come_back_only_texts_change_and_they_say_it(words: dict[str, str]) -> None:
    imported = put(
        *(one(name, "de", text.replace("&", "&amp;").replace("<", "&lt;")) for name, text in words.items())
    )
    after = imported.source.decode()
    assert skeleton(after) == skeleton(SOURCE)
    again = {unit.id: unit for unit in texts(after).units}
    for name, text in words.items():
        if (name, "de") in imported.changed:
            wanted = shown(text.replace("&", "&amp;").replace("<", "&lt;"))
            assert again[name].wordings["de"].shown == wanted
    assert {unit.id for unit in texts(after).units} == {unit.id for unit in texts().units}


@given(WORDS)
def test_what_is_said_to_be_without_mistakes_is_well_formed(text: str) -> None:
    if not list(mistakes(text, text)):
        source = SOURCE.replace("Too big.", fragment(text))
        assert shown(fragment(text)) == shown(shown(fragment(text)))
        load(source.encode())


@given(
    st.lists(
        st.sampled_from(["a", " ", "<em>", "</em>", "<break/>", '<value of="call.name"/>', "&amp;", "&", "]]>"])
    )
)
def test_markup_that_passes_is_taken_by_the_loader(pieces: list[str]) -> None:
    text = "".join(pieces)
    if not list(mistakes(text, text)):
        # What the DTD allows in texts is the loader's business, and is checked after an import.
        assert {finding.rule for finding in findings(SOURCE.replace("Too big.", fragment(text)))} <= {"dtd"}


def findings(source: str) -> tuple[Located, ...]:
    try:
        load(source.encode())
    except RejectedInput as problem:
        return problem.findings
    return ()


def test_a_catalogue_that_is_a_path_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "msgid"
    secret.write_text('msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "a"\nmsgstr "secret"\n')
    with pytest.raises(RejectedInput):
        from_po(str(secret).encode(), "t.po")


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
def test_whatever_a_script_says_comes_back_from_every_form_as_it_was(one_text: str, other: str) -> None:
    source = SOURCE.replace("Too big.", escape(one_text)).replace("Key it in.", escape(other))
    found = texts(source)
    for translations in (
        from_csv(to_csv(found), "t", "en"),
        from_xlsx(to_xlsx(found), "t", "en"),
        from_po(to_po(found, "en"), "t"),
    ):
        imported = put_in(found, translations, "t")
        assert imported.source.decode() == source
        assert [f for f in imported.findings if f.level == "error"] == []
