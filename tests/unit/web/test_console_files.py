"""Pages, files and the headers of everything."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from caruso.web.headers import page_policy
from caruso.web.settings import WebSettings
from lab.web_client import Answer

from .conftest import House

PHONE = "wss://pbx.example:8089"


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(
        '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__">'
        '<script src="/assets/app-1a2b.js"></script>'
    )
    (dist / "assets" / "app-1a2b.js").write_text("export {}")
    (dist / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    return WebSettings(port=0, dist=dist, phone_urls=(PHONE,), stop_seconds=0.5)


def rules(answer: Answer) -> dict[str, str]:
    found = (rule.partition(" ") for rule in answer.headers["Content-Security-Policy"].split("; "))
    return {name: value for name, _, value in found}


@pytest.mark.parametrize("path", ["/", "/monitor", "/history", "/history/call-7", "/index.html"])
async def test_every_page_of_the_console_is_the_console(house: House, path: str) -> None:
    answer = await (await house.browser()).request("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"app-1a2b.js" in answer.body


async def test_a_page_may_run_our_scripts_and_connect_to_us_and_the_phone_only(house: House) -> None:
    browser = await house.browser()
    first, second = await browser.request("GET", "/"), await browser.request("GET", "/")
    policy = rules(first)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {PHONE}"
    assert policy["frame-ancestors"] == "'none'"
    nonce = re.fullmatch(r"'self' 'nonce-([\w-]{20,})'", policy["style-src"])
    assert nonce
    assert f'nonce="{nonce[1]}"' in first.body.decode()
    assert rules(second)["style-src"] != policy["style-src"], "fresh with each page"


def test_a_build_without_a_mark_for_the_nonce_gets_inline_styles_but_no_inline_scripts() -> None:
    policy = page_policy()
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy


async def test_hashed_files_are_kept_for_ever_and_others_checked(house: House) -> None:
    browser = await house.browser()
    asset = await browser.request("GET", "/assets/app-1a2b.js")
    assert asset.status == 200
    assert "immutable" in asset.headers["Cache-Control"]
    assert "javascript" in asset.headers["Content-Type"]
    icon = await browser.request("GET", "/favicon.svg")
    assert icon.headers["Cache-Control"] == "no-cache"
    again = await browser.request("GET", "/favicon.svg", headers={"If-None-Match": icon.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-9z.js",
        "/assets/",
        "/nothing.png",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/link.txt",
        "/%00.txt",
        "/" + "x" * 300 + ".txt",
    ],
)
async def test_no_file_outside_the_build_is_served(house: House, path: str) -> None:
    async with aiohttp.ClientSession() as raw, raw.get(URL(house.server.url + path, encoded=True)) as answer:
        assert answer.status in (400, 404)
        assert b"secret" not in await answer.read()


async def test_everything_has_security_headers_and_a_number(house: House) -> None:
    browser = await house.browser("anna")
    numbers = set()
    for method, path in (
        ("GET", "/"),
        ("GET", "/assets/app-1a2b.js"),
        ("GET", "/nothing.png"),
        ("GET", "/api/health"),
        ("GET", "/api/nothing"),
        ("GET", "/api/monitor"),
        ("GET", "/api/openapi.json"),
        ("GET", "/metrics"),
        ("POST", "/api/session"),
        ("PUT", "/"),
        ("GET", "/ws/console"),
        ("DELETE", "/api/session"),
    ):
        headers = (await browser.request(method, path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Server"] == "Caruso"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in headers, "plain http"
        numbers.add(headers["X-Request-Id"])
    assert len(numbers) == 12


async def test_a_console_that_is_not_built_tells_how_and_needs_no_restart(house: House) -> None:
    browser = await house.browser()
    index = house.dist / "index.html"
    kept = index.read_text()
    index.unlink()
    answer = await browser.request("GET", "/monitor")
    assert answer.status == 503
    assert b"npm run build" in answer.body
    index.write_text(kept)
    assert (await browser.request("GET", "/monitor")).status == 200


def test_a_proxy_in_front_makes_it_https() -> None:
    plain = WebSettings()
    assert not plain.https
    assert replace(plain, public_url="https://caruso.example/").https
    assert replace(plain, public_url="https://Caruso.example/").public_origin == "https://caruso.example"
