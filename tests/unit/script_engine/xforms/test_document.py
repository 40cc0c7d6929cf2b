"""Forms are foreign XML: bounded, without entities, refused with a place."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.errors import RejectedInput
from caruso.script_engine.xforms import translate
from caruso.script_engine.xforms.document import LARGEST_FORM, read_xml
from tests.unit.script_engine.xforms.form_source import form

BOMB = b'<!DOCTYPE a [<!ENTITY b "ccc"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>'
EXTERNAL = b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>'
WIDE = '<?xml version="1.0" encoding="utf-16"?>\n<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16")
FILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (b"", "xml"),
        (b"no xml", "xml"),
        (b"<a><b></a>", "xml"),
        (b"<a>&nbsp;</a>", "xml"),
        (BOMB, "foreign-doctype"),
        (EXTERNAL, "foreign-doctype"),
        (FILE, "foreign-doctype"),
        (WIDE, "foreign-doctype"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "xml"),
        (b"<a>" * 100 + b"</a>" * 100, "too-deep"),
        (b"<a>" * 10_000 + b"</a>" * 10_000, "too-deep"),
        (b"<a>" + b"<b/>" * 60_000 + b"</a>", "too-many-elements"),
        (b" " * (LARGEST_FORM + 1), "too-large"),
        (b"<a/>", "no-form"),
        (form("<a/>", "").replace(b"instance", b"nothing"), "no-form"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused_with_its_rule(source: bytes, rule: str) -> None:
    with pytest.raises(RejectedInput) as refused:
        translate(source, "form.xml")
    assert [finding.rule for finding in refused.value.findings] == [rule]
    assert refused.value.findings[0].file == "form.xml"


def test_a_tag_knows_its_line_and_our_name_for_its_namespace() -> None:
    whole = read_xml(form("<a/>---<bind nodeset='/data/a' jr:preload='uid'/>", ""))
    bind = next(tag for tag in whole.everything() if tag.name == "bind")
    assert bind.line == 1
    assert bind.get("jr:preload") == "uid"
    assert whole.name == "h:html"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(source: bytes) -> None:
    with contextlib.suppress(RejectedInput):
        translate(source)
