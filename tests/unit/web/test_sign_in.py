"""Signing in and out, sessions, limits, forgery: what stands between the world and the desk."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from argon2 import extract_parameters
from prometheus_client import CollectorRegistry

from caruso.errors import StorageUnavailable
from caruso.model.ids import UserId
from caruso.model.records import User
from caruso.web import passwords as passwords_module
from caruso.web.passwords import Passwords
from caruso.web.rate_limit import Limit
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports
from lab.fake_runs import FakeObjects
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts
from lab.web_client import Refused, WebClient

from .conftest import House


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    return WebSettings(
        port=0,
        dist=tmp_path / "dist",
        trusted_proxies=frozenset({"127.0.0.1"}),
        sign_ins_per_user=Limit(count=3, seconds=60),
        sign_ins_per_address=Limit(count=5, seconds=60),
        stop_seconds=0.5,
    )


async def test_somebody_signs_in_and_is_known(house: House) -> None:
    browser = await house.browser()
    who = await browser.sign_in("anna", "anna")
    assert (who.user, who.role, who.agent, who.centre) == ("anna", "agent", "anna", "Northern Light & Power")
    assert await browser.call("GET", "/api/session") == {
        "user": "anna",
        "name": "Anna",
        "role": "agent",
        "agent": "anna",
        "centre": "Northern Light & Power",
        "csrf_token": who.csrf_token,
        "expires_at": (await browser.call("GET", "/api/session"))["expires_at"],
    }


async def test_a_supervisor_who_takes_no_contacts_has_no_agent(house: House) -> None:
    browser = await house.browser()
    assert (await browser.sign_in("sam", "sam")).agent is None


async def test_only_the_hash_of_the_token_is_kept_and_the_cookie_is_out_of_reach(house: House) -> None:
    browser = await house.browser()
    answer = await browser.request("POST", "/api/session", {"user": "anna", "password": "anna"})
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["caruso"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["secure"], "plain http"
    (session,) = house.users.sessions.values()
    assert len(cookie.value) >= 43
    assert cookie.value not in repr(session)
    assert cookie.value not in answer.body.decode()


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(
    settings: WebSettings, users: tuple[User, ...]
) -> None:
    centre = FakeCentre(asyncio.get_running_loop().call_later)
    behind_proxy = dataclasses.replace(settings, public_url="https://caruso.example")
    server = WebServer(
        behind_proxy,
        centre=centre,
        users=MemoryUsers(*users),
        customers=MemoryCustomers(),
        facts=MemoryFacts(),
        callbacks=MemoryCallbacks(),
        voicemails=centre.messages.store,
        scripts=MemoryScripts(),
        runs=MemoryRuns(),
        script_objects=FakeObjects(),
        phones=FakePhones(),
        registry=CollectorRegistry(),
        tasks=MemoryTasks(),
        reports=fake_reports(centre.centre),
    )
    await server.start()
    try:
        async with WebClient(f"http://127.0.0.1:{server.port}") as client:
            answer = await client.request(
                "POST",
                "/api/session",
                {"user": "anna", "password": "anna"},
                headers={"Origin": "https://caruso.example"},
            )
            assert answer.status == 200
            assert answer.headers["Set-Cookie"].startswith("__Host-caruso=")
            assert "; Secure" in answer.headers["Set-Cookie"]
            assert "max-age" in answer.headers["Strict-Transport-Security"]
    finally:
        await server.stop()


@pytest.mark.parametrize(
    ("user", "password"), [("anna", "wrong"), ("nobody", "anna"), ("anna", ""), ("ANNA", "anna")]
)
async def test_a_wrong_name_and_a_wrong_password_look_the_same(house: House, user: str, password: str) -> None:
    browser = await house.browser()
    answer = await browser.request("POST", "/api/session", {"user": user, "password": password})
    assert answer.status == 401
    assert answer.json() == {
        "code": "wrong-password",
        "message": "The user name or the password is wrong.",
    }
    assert "Set-Cookie" not in answer.headers
    assert not house.users.sessions


async def test_an_unknown_name_costs_a_verification_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    def verify(kept: str, _: str) -> bool:
        verified.append(kept)
        return False

    monkeypatch.setattr(passwords_module, "_verify", verify)
    passwords = Passwords()
    try:
        assert not await passwords.verify(None, "wrong")
        assert not await passwords.verify(passwords_module.hash_password("right"), "wrong")
    finally:
        passwords.close()
    parameters = {repr(extract_parameters(kept)) for kept in verified}
    assert (len(verified), len(parameters)) == (2, 1), "both cost the same"


async def test_a_disabled_user_is_refused_like_a_wrong_password(house: House) -> None:
    await house.users.disable(UserId("anna"), house.clock.now())
    browser = await house.browser()
    answer = await browser.request("POST", "/api/session", {"user": "anna", "password": "anna"})
    wrong = await browser.request("POST", "/api/session", {"user": "ben", "password": "anna"})
    assert (answer.status, answer.json()) == (wrong.status, wrong.json())
    assert not house.users.sessions
    await house.users.enable(UserId("anna"))
    await browser.sign_in("anna", "anna")


async def test_right_passwords_of_a_disabled_user_are_counted_like_wrong_ones(house: House) -> None:
    await house.users.disable(UserId("anna"), house.clock.now())
    browser = await house.browser()
    statuses = [
        (await browser.request("POST", "/api/session", {"user": "anna", "password": "anna"})).status
        for _ in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("kept", ["!", "not a hash"])
async def test_who_has_no_password_and_who_is_disabled_cost_a_verification(
    monkeypatch: pytest.MonkeyPatch, house: House, kept: str
) -> None:
    hasher, verified = passwords_module._HASHER, list[str]()

    class Counting:
        def verify(self, hashed: str, password: str) -> bool:
            matches = hasher.verify(hashed, password)
            verified.append(hashed)
            return bool(matches)

        def __getattr__(self, name: str) -> object:
            return getattr(hasher, name)

    known = passwords_module._NOBODY
    monkeypatch.setattr(passwords_module, "_HASHER", Counting())
    for nobody in ("nobody", "anna"):
        anna = dataclasses.replace(house.users.kept[UserId("anna")], password_hash=kept)
        house.users.kept[UserId("anna")] = anna
        browser = await house.browser()
        with pytest.raises(Refused, match="wrong-password"):
            await browser.sign_in(nobody, "nobody")
    await house.users.disable(UserId("ben"), house.clock.now())
    with pytest.raises(Refused, match="wrong-password"):
        await (await house.browser()).sign_in("ben", "nobody")
    assert verified == [known] * 3


async def test_sessions_of_who_is_disabled_end_at_once_and_do_not_come_back(house: House) -> None:
    anna, ben = await house.browser("anna"), await house.browser("ben")
    await house.users.disable(UserId("anna"), house.clock.now())  # another process
    house.server.shut_out((await house.users.shut_out()).users)
    assert (await anna.request("GET", "/api/session")).status == 401
    assert (await ben.request("GET", "/api/session")).status == 200
    await house.users.enable(UserId("anna"))
    assert (await anna.request("GET", "/api/session")).status == 401
    again = await house.browser("anna")  # before this server has looked
    assert (await again.request("GET", "/api/session")).status == 200
    house.server.shut_out((await house.users.shut_out()).users)
    assert (await again.request("GET", "/api/session")).status == 200


async def test_a_sign_in_that_began_before_she_was_disabled_ends_with_the_next_look(house: House) -> None:
    before = house.users.kept[UserId("anna")]
    await house.users.disable(UserId("anna"), house.clock.now())
    house.server.shut_out({UserId("anna")})

    async def read_before(user: UserId) -> User | None:
        return before

    now, house.users.user = house.users.user, read_before  # type: ignore[method-assign]
    anna = await house.browser("anna")
    house.users.user = now  # type: ignore[method-assign]
    house.server.shut_out({UserId("anna")})
    assert (await anna.request("GET", "/api/session")).status == 401
    house.clock.advance(30)
    assert (await anna.request("GET", "/api/session")).status == 401


async def test_who_is_disabled_is_out_when_the_server_was_started_anew(house: House) -> None:
    anna = await house.browser("anna")
    (session,) = house.users.sessions.values()
    await house.users.disable(UserId("anna"), house.clock.now())
    await house.users.save_session(session)  # a later expiry, written by who did not know
    house.clock.advance(30)
    assert (await anna.request("GET", "/api/session")).status == 401


async def test_an_unreadable_hash_lets_nobody_in(house: House) -> None:
    house.users.kept[UserId("anna")] = dataclasses.replace(
        house.users.kept[UserId("anna")], password_hash="not a hash"
    )
    browser = await house.browser()
    with pytest.raises(Refused, match="wrong-password"):
        await browser.sign_in("anna", "not a hash")


async def test_nobody_is_signed_in_without_signing_in(house: House) -> None:
    browser = await house.browser()
    for path in ("/api/session", "/api/contacts", "/api/centre", "/api/phone", "/api/monitor"):
        answer = await browser.request("GET", path)
        assert (answer.status, answer.json()["code"]) == (401, "not-signed-in"), path


@pytest.mark.parametrize("token", ["", "x", "\u00e4" * 43, "a" * 43, "a" * 5000, '"', "../../etc"])
async def test_an_invented_token_is_nobody(house: House, token: str) -> None:
    browser = await house.browser()
    answer = await browser.request("GET", "/api/session", headers={"Cookie": f"caruso={token}"})
    assert answer.status == 401


# -- Limits ---------------------------------------------------------------------------------------------------


async def test_guessing_one_persons_password_is_stopped_even_from_many_addresses(house: House) -> None:
    for number in range(3):
        browser = await house.browser(address=f"192.0.2.{number}")
        with pytest.raises(Refused, match="wrong-password"):
            await browser.sign_in("anna", "wrong")
    browser = await house.browser(address="192.0.2.77")
    answer = await browser.request("POST", "/api/session", {"user": "anna", "password": "anna"})
    assert (answer.status, answer.json()["code"]) == (429, "too-many-attempts")
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    await browser.sign_in("ben", "ben")
    house.clock.ahead = timedelta(seconds=61)
    await browser.sign_in("anna", "anna")


async def test_guessing_names_from_one_address_is_stopped(house: House) -> None:
    browser = await house.browser(address="2001:db8::1")
    for number in range(5):
        with pytest.raises(Refused, match="wrong-password"):
            await browser.sign_in(f"name{number}", "wrong")
    neighbour = await house.browser(address="2001:db8::ffff")
    with pytest.raises(Refused, match="too-many-attempts"):
        await neighbour.sign_in("anna", "anna")
    elsewhere = await house.browser(address="2001:db8:0:1::1")
    await elsewhere.sign_in("anna", "anna")


async def test_a_whole_centre_can_sign_in_from_one_address(house: House) -> None:
    browser = await house.browser(address="192.0.2.1")
    answers = await asyncio.gather(
        *(browser.request("POST", "/api/session", {"user": "anna", "password": "anna"}) for _ in range(20))
    )
    assert {answer.status for answer in answers} == {200}


async def test_many_guesses_at_the_same_moment_are_no_way_round_the_limit(house: House) -> None:
    browser = await house.browser(address="192.0.2.1")
    answers = await asyncio.gather(
        *(browser.request("POST", "/api/session", {"user": "anna", "password": f"{n}"}) for n in range(20))
    )
    statuses = [answer.status for answer in answers]
    assert statuses.count(401) == 3
    assert statuses.count(429) == 17


# -- Forgery --------------------------------------------------------------------------------------------------


async def test_what_changes_something_needs_the_sessions_csrf_token(house: House) -> None:
    browser = await house.browser("anna")
    for token in ("", "wrong", browser.csrf_token[:-1], "\u00e4"):
        answer = await browser.request("DELETE", "/api/session", headers={"X-CSRF-Token": token})
        assert (answer.status, answer.json()["code"]) == (403, "forged-request")
    other = await house.browser("ben")
    answer = await browser.request("DELETE", "/api/session", headers={"X-CSRF-Token": other.csrf_token})
    assert answer.status == 403
    assert (await browser.request("GET", "/api/session")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_page_changes_nothing(house: House, headers: dict[str, str]) -> None:
    browser = await house.browser("anna")
    answer = await browser.request("DELETE", "/api/session", headers=headers)
    assert (answer.status, answer.json()["code"]) == (403, "forged-request")
    answer = await browser.request("POST", "/api/session", {"user": "ben", "password": "ben"}, headers=headers)
    assert answer.status == 403, "nor signs anybody in"


async def test_a_form_cannot_sign_anybody_in(house: House) -> None:
    browser = await house.browser()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await browser.request(
            "POST",
            "/api/session",
            data=b'{"user": "anna", "password": "anna"}',
            headers={"Content-Type": kind},
        )
        assert (answer.status, answer.json()["code"]) == (415, "wrong-content-type")


async def test_a_program_without_origin_is_let_in(house: House) -> None:
    browser = await house.browser("anna")
    answer = await browser.request("DELETE", "/api/session", headers={"Origin": ""})
    assert answer.status == 204


# -- Sessions -------------------------------------------------------------------------------------------------


async def test_signing_out_ends_the_session_at_once_and_takes_the_cookie(house: House) -> None:
    browser = await house.browser("anna")
    cookie = "; ".join(f"{c.key}={c.value}" for c in browser.cookies)
    answer = await browser.request("DELETE", "/api/session")
    assert answer.status == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    answer = await browser.request("GET", "/api/session", headers={"Cookie": cookie})
    assert answer.status == 401
    assert not house.users.sessions


async def test_one_can_end_a_session_on_another_computer(house: House) -> None:
    here, there = await house.browser("anna"), await house.browser("anna")
    assert (await there.request("GET", "/api/session")).status == 200
    lines = await here.call("GET", "/api/sessions")
    (other,) = [line["id"] for line in lines if not line["current"]]
    assert len(lines) == 2
    await here.call("DELETE", f"/api/sessions/{other}")
    assert (await there.request("GET", "/api/session")).status == 401
    assert (await here.request("GET", "/api/session")).status == 200


async def test_nobody_ends_the_session_of_somebody_else(house: House) -> None:
    anna, ben = await house.browser("anna"), await house.browser("ben")
    (line,) = await ben.call("GET", "/api/sessions")
    with pytest.raises(Refused, match="not-found"):
        await anna.call("DELETE", f"/api/sessions/{line['id']}")
    assert (await ben.request("GET", "/api/session")).status == 200


async def test_a_session_ends_when_it_is_not_used(house: House) -> None:
    browser = await house.browser("anna")
    house.clock.ahead = timedelta(hours=8, seconds=1)
    assert (await browser.request("GET", "/api/session")).status == 401
    assert not house.users.sessions


async def test_a_session_that_is_used_goes_on_but_not_for_ever(house: House) -> None:
    browser = await house.browser("anna")
    for hours in (5, 10):
        house.clock.ahead = timedelta(hours=hours)
        assert (await browser.request("GET", "/api/session")).status == 200
    house.clock.ahead = timedelta(hours=12, seconds=1)
    assert (await browser.request("GET", "/api/session")).status == 401


async def test_a_later_expiry_survives_a_restart(house: House) -> None:
    browser = await house.browser("anna")
    house.clock.ahead = timedelta(hours=3)
    await browser.call("GET", "/api/session")
    await asyncio.sleep(0.05)
    (session,) = house.users.sessions.values()
    assert session.expires_at - session.created_at > timedelta(hours=10)


async def test_requests_do_not_ask_the_store_each_time_but_notice_what_others_revoke(house: House) -> None:
    browser = await house.browser("anna")
    before = house.users.reads
    for _ in range(20):
        await browser.call("GET", "/api/session")
    assert house.users.reads == before
    house.users.sessions.clear()  # another process
    house.clock.ahead = timedelta(seconds=30)
    assert (await browser.request("GET", "/api/session")).status == 401


async def test_a_session_that_could_not_be_revoked_in_the_store_is_over_all_the_same(house: House) -> None:
    browser = await house.browser("anna")
    cookie = "; ".join(f"{c.key}={c.value}" for c in browser.cookies)

    async def locked(token_hash: str) -> None:
        raise OSError("database is locked")

    house.users.revoke_session = locked  # type: ignore[method-assign]
    assert (await browser.request("DELETE", "/api/session")).status == 500
    house.clock.ahead = timedelta(seconds=30)
    assert (await browser.request("GET", "/api/session", headers={"Cookie": cookie})).status == 401


async def test_a_database_that_is_locked_signs_nobody_out_and_nobody_in(house: House) -> None:
    browser, stranger = await house.browser("anna"), await house.browser()

    async def locked(_: str) -> None:
        raise StorageUnavailable

    for name in ("session", "user", "save_session"):
        setattr(house.users, name, locked)
    house.clock.ahead = timedelta(seconds=60)
    assert (await browser.request("GET", "/api/session")).status == 200
    answer = await stranger.request("POST", "/api/session", {"user": "anna", "password": "anna"})
    assert (answer.status, answer.json()["code"]) == (503, "storage-unavailable")
    assert answer.headers["Retry-After"] == "2"
    house.clock.ahead = timedelta(minutes=20)
    assert (await browser.request("GET", "/api/session")).status == 503


async def test_a_user_who_is_removed_is_out(house: House) -> None:
    browser = await house.browser("anna")
    del house.users.kept[UserId("anna")]
    house.clock.ahead = timedelta(seconds=30)
    assert (await browser.request("GET", "/api/session")).status == 401


# -- Passwords ------------------------------------------------------------------------------------------------


async def test_a_user_without_a_hash_cannot_sign_in_with_any_password() -> None:
    passwords = Passwords()
    try:
        for kept in (None, "", "!"):
            assert not await passwords.verify(kept, "nobody")
    finally:
        passwords.close()


async def test_a_changed_password_counts_at_once_and_ends_other_sessions(house: House) -> None:
    here, there = await house.browser("anna"), await house.browser("anna")
    await here.call("POST", "/api/password", {"old": "anna", "new": "long enough"})
    assert (await here.request("GET", "/api/session")).status == 200
    assert (await there.request("GET", "/api/session")).status == 401
    fresh = await house.browser()
    with pytest.raises(Refused, match="wrong-password"):
        await fresh.sign_in("anna", "anna")
    await fresh.sign_in("anna", "long enough")
    assert "long enough" not in house.users.kept[UserId("anna")].password_hash


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"old": "wrong", "new": "long enough"}, 401),
        ({"old": "anna", "new": "short"}, 422),
        ({"old": "anna", "new": "x" * 257}, 422),
        ({"old": "long enough", "new": "long enough"}, 422),
        ({"old": "anna"}, 422),
    ],
)
async def test_a_password_is_not_changed_by_mistake(house: House, body: dict[str, str], status: int) -> None:
    browser = await house.browser("anna")
    before = house.users.kept[UserId("anna")]
    assert (await browser.request("POST", "/api/password", body)).status == status
    assert house.users.kept[UserId("anna")] == before


async def test_the_old_password_cannot_be_guessed_from_a_stolen_session(house: House) -> None:
    browser = await house.browser("anna")
    answers = [
        await browser.request("POST", "/api/password", {"old": f"guess{n}", "new": "long enough"})
        for n in range(4)
    ]
    assert [answer.status for answer in answers] == [401, 401, 401, 429]


async def test_an_old_hash_is_renewed_when_the_password_is_at_hand(house: House) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=3, memory_cost=8, parallelism=1).hash("anna")
    house.users.kept[UserId("anna")] = dataclasses.replace(house.users.kept[UserId("anna")], password_hash=old)
    browser = await house.browser("anna")
    assert house.users.kept[UserId("anna")].password_hash != old
    assert (await browser.request("GET", "/api/session")).status == 200
