"""What keeps the public pages from harm, without a server: seals, start forms, limits, files, colours, words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.errors import IllegalMove, NotFound, StorageUnavailable
from caruso.model.ids import RunId
from caruso.web.rate_limit import Limit, network_of
from caruso.web.refusals import Busy, TooManyAttempts
from caruso.web.self_service import brand, uploads
from caruso.web.self_service.failures import Failure, LinkUsedUp, MovedOn, SessionOver, failure_of
from caruso.web.self_service.limits import Limits, OpenRuns, SelfServiceLimits
from caruso.web.self_service.pages import Frame, Pages
from caruso.web.self_service.port import Brand
from caruso.web.self_service.seal import Seal
from caruso.web.self_service.sentences import LANGUAGES, choose, localized, wordings
from caruso.web.self_service.spam import Verdict, judge, nonce_of, start_token

SEAL = Seal(b"sixteen bytes at least")
OTHER = Seal(b"another sixteen bytes")


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=80))
def test_a_seal_opens_for_its_own_purpose_and_secret_only(text: str) -> None:
    sealed = SEAL.seal("run", text)
    assert SEAL.open("run", sealed) == text
    assert SEAL.open("start", sealed) is None
    assert OTHER.open("run", sealed) is None


@given(st.text(max_size=400))
def test_whatever_a_browser_sends_is_no_seal_of_ours(text: str) -> None:
    assert SEAL.open("run", text) is None


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Seal(b"short")


@pytest.mark.parametrize(
    ("age", "trap", "script", "verdict"),
    [
        (3.0, "", "s", Verdict.PERSON),
        (0.2, "", "s", Verdict.TOO_QUICK),
        (3.0, "https://spam.example", "s", Verdict.TRAPPED),
        (3.0, "", "t", Verdict.OUTDATED),
        (90_000.0, "", "s", Verdict.OUTDATED),
    ],
)
def test_a_start_form_tells_people_from_programs(age: float, trap: str, script: str, verdict: Verdict) -> None:
    token = start_token(SEAL, "s", 1_000_000.0, "nonce-1")
    assert nonce_of(token) == "nonce-1"
    assert judge(SEAL, script, token, trap, 1_000_000.0 + age) is verdict


@given(st.text(max_size=300))
def test_a_start_form_that_is_not_ours_is_outdated(token: str) -> None:
    assert judge(SEAL, "s", token, "", 1_000_000.0) is Verdict.OUTDATED


def test_what_happens_too_often_is_refused_for_its_address_only() -> None:
    limits = Limits(SelfServiceLimits(starts=Limit(count=2, seconds=60)))
    limits.begin("192.0.2.1", "s", 0.0)
    limits.begin("192.0.2.1", "s", 1.0)
    with pytest.raises(TooManyAttempts) as refused:
        limits.begin("192.0.2.1", "s", 2.0)
    assert refused.value.retry_after == pytest.approx(58.0)
    limits.begin("192.0.2.2", "s", 2.0)
    limits.begin("192.0.2.1", "s", 60.5)


def test_a_script_is_not_flooded_from_many_addresses() -> None:
    limits = Limits(SelfServiceLimits(starts_of_script=Limit(count=3, seconds=60)))
    for number in range(3):
        limits.begin(f"192.0.2.{number}", "s", 0.0)
    with pytest.raises(TooManyAttempts):
        limits.begin("192.0.2.9", "s", 0.0)
    limits.begin("192.0.2.9", "another", 0.0)


def test_open_runs_are_bounded_and_finished_ones_do_not_count() -> None:
    runs = OpenRuns(2, 100.0, max_keys=3)
    runs.seen("a", RunId("1"), 0.0)
    runs.seen("a", RunId("2"), 10.0)
    assert runs.retry_after("a", 20.0) == pytest.approx(80.0)
    assert runs.retry_after("b", 20.0) == 0
    runs.seen("a", RunId("1"), 30.0)  # it went on
    assert runs.retry_after("a", 40.0) == pytest.approx(70.0)
    runs.gone("a", RunId("2"))
    assert runs.retry_after("a", 40.0) == 0
    assert runs.retry_after("a", 500.0) == 0


def test_addresses_of_one_household_count_together() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


@pytest.mark.parametrize(
    ("content", "kind", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "file", "image/png"),
        (b"\xff\xd8\xff\xe0....", "signature", "image/jpeg"),
        (b"%PDF-1.7 ...", "file", "application/pdf"),
        (b"%PDF-1.7 ...", "signature", None),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "voice-record", "audio/wav"),
        ("Grüße\nfrom here".encode(), "file", "text/plain"),
        (b"<html><script>alert(1)</script>", "file", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "file", None),
        (b"plain, then <!doctype html>", "file", None),
        (b"MZ\x90\x00\x03", "file", None),
        (b"PK\x03\x04", "file", None),
        (b"\x00\x01", "file", None),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, kind: str, media_type: str | None) -> None:
    assert uploads.kind_of(content, kind) == media_type


@given(st.text(max_size=200))
def test_kept_names_mean_nothing_to_a_system(name: str) -> None:
    kept = uploads.plain_name(name)
    assert 0 < len(kept) <= 80
    assert not re.search(r'[\\/:*?"<>|\x00-\x1f]', kept)
    assert not kept.startswith(".")


def test_paths_and_tricks_are_cut_from_names() -> None:
    assert uploads.plain_name("../../etc/passwd") == "passwd"
    assert uploads.plain_name("C:\\fakepath\\meter photo.png") == "meter photo.png"
    assert uploads.plain_name("a\u202egnp.exe") == "agnp.exe"
    assert uploads.plain_name("...") == "file"


_COLOURS = st.tuples(*[st.integers(min_value=0, max_value=255)] * 3)


@given(_COLOURS)
def test_any_brand_colour_stays_readable_in_light_and_dark(colour: tuple[int, int, int]) -> None:
    style = brand.style("#" + "".join(f"{part:02x}" for part in colour))
    light, dark, on_light, on_dark = re.findall(r"#[0-9a-f]{6}", style.decode())
    pairs = [(light, "#f4f6f8"), (dark, "#1d2328"), (light, on_light), (dark, on_dark), (light, "#ffffff")]
    for one, other in pairs:
        assert brand.contrast(_rgb(one), _rgb(other)) >= 4.5


def test_a_colour_that_is_none_cannot_write_into_the_style_sheet() -> None:
    assert brand.style("red;} body{display:none") == brand.style("")


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_with_the_same_values(language: str) -> None:
    ours, english = wordings(language), wordings("en")
    assert ours.keys() == english.keys()
    for key, text in ours.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", english[key])), key
        assert text.strip(), key


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, nl;q=0.3", "nl"),
        ("it;q=0, en;q=0.1", "en"),
        ("*", "en"),
        ("", "en"),
        ("de;q=x, it", "it"),
        (",;;q=,", "en"),
    ],
)
def test_the_browsers_favourite_language_is_chosen(header: str, chosen: str) -> None:
    assert choose(header, LANGUAGES) == chosen


@given(st.text(max_size=300))
def test_no_header_makes_the_choice_fail(header: str) -> None:
    assert choose(header, LANGUAGES) in LANGUAGES


def test_the_nearest_text_is_taken() -> None:
    texts = {"en": "colour", "de": "Farbe"}
    assert localized(texts, "de-AT") == "Farbe"
    assert localized(texts, "nl", "en") == "colour"
    assert localized({}, "nl") == ""


@pytest.mark.parametrize("language", ["en", "de", "nl", "it"])
def test_whatever_is_refused_has_a_page(language: str) -> None:
    frame = Frame(brand=Brand(name="x", time_zone="UTC"), language=language, style="/a.css", brand_style="/b.css")
    for kind in (NotFound, IllegalMove, StorageUnavailable, SessionOver, MovedOn, LinkUsedUp, Busy):
        failure = failure_of(kind("refused"))
        assert "<h1" in Pages().failed(frame, failure.key, seconds=failure.retry_after)


def test_a_dialog_that_a_call_still_leads_is_busy_for_a_moment() -> None:
    assert failure_of(IllegalMove("An agent leads this dialog now.")) == Failure(
        key="busy", status=503, retry_after=5
    )
