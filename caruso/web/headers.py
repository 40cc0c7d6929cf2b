"""Which security headers go with every answer. Pure text; knows no request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Put into ``index.html`` by the console's build where a nonce belongs; replaced in each answer.
NONCE_MARK = "__CSP_NONCE__"

#: Everything but pages: nothing in it may run or be framed.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

#: Headers that a page may bring itself, instead of those below.
OF_PAGES = frozenset({"Content-Security-Policy", "Permissions-Policy", "Referrer-Policy"})

_HSTS = "max-age=31536000"


def fixed_headers(*, https: bool) -> Mapping[str, str]:
    """Return the headers of every answer."""
    headers = {
        "Content-Security-Policy": DATA_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), autoplay=(self), camera=(), geolocation=(), payment=(), usb=()",
        "Server": "Caruso",
    }
    return headers | {"Strict-Transport-Security": _HSTS} if https else headers


def page_policy(*, connect_to: Iterable[str] = (), nonce: str = "") -> str:
    """Return the policy of a page: our own scripts only, connections to us and to the phone's servers.

    Styles: the UI kit puts ``<style>`` elements into the page. With a `nonce` only those that carry it count;
    a build without the mark for one gets ``'unsafe-inline'``, for styles alone.
    """
    style = f"'nonce-{nonce}'" if nonce else "'unsafe-inline'"
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' {style}",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "media-src": "'self' blob: data:",
        "connect-src": " ".join(["'self'", *connect_to]),
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
