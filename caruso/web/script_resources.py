"""What travels when an admin has a script checked, explained, drawn, led, tested or translated, or makes one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from caruso.script_engine.source import LARGEST_SCRIPT
from caruso.web.resources import Finding, Request, Resource

#: Bytes of a request: a script, those it calls, and what is given with them.
LARGEST_REQUEST = 3 * LARGEST_SCRIPT
#: Steps of one simulation, and dialogs a script may call.
MOST_STEPS = 1_000
MOST_CALLED = 20

Source = Annotated[str, Meta(max_length=LARGEST_SCRIPT)]


class ScriptBody(Request, frozen=True, kw_only=True):
    """A script, as XML."""

    source: Source
    #: What findings call it.
    file: Annotated[str, Meta(max_length=200)] = ""


class ExplainBody(ScriptBody, frozen=True, kw_only=True):
    """A script to explain."""

    form: Literal["markdown", "html"] = "markdown"


class GraphBody(ScriptBody, frozen=True, kw_only=True):
    """A script to draw."""

    form: Literal["svg", "dot"] = "svg"


class LinkedBody(ScriptBody, frozen=True, kw_only=True):
    """A script, and the dialogs it calls."""

    called: Annotated[list[Source], Meta(max_length=MOST_CALLED)] = field(default_factory=list)


class StubBody(Request, frozen=True, kw_only=True):
    """What a service answers."""

    answers: Any = None
    #: A code such as ``timeout``; empty when it does not fail.
    fails: Annotated[str, Meta(max_length=100)] = ""


class RunBody(LinkedBody, frozen=True, kw_only=True):
    """A script to lead, and how."""

    channel: Literal["phone", "agent", "web", ""] = ""
    language: Annotated[str, Meta(max_length=35)] = ""
    #: ISO; empty for now.
    at: Annotated[str, Meta(max_length=40)] = ""
    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)
    #: Objects that are not given are loaded from the database, for this customer.
    customer: Annotated[str, Meta(max_length=200)] = ""
    stubs: dict[str, StubBody] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    hours: dict[str, bool] = field(default_factory=dict)
    #: Steps, or answers by item, as `caruso script run --answers` takes them.
    answers: Annotated[list[Any], Meta(max_length=MOST_STEPS)] | dict[str, Any] = field(default_factory=list)


class RecordBody(Request, frozen=True, kw_only=True):
    """A kept run that is to become a test case."""

    run: Annotated[str, Meta(min_length=1, max_length=100)]
    #: Of the test case; after the run when empty.
    name: Annotated[str, Meta(max_length=200)] = ""


class TestBody(LinkedBody, frozen=True, kw_only=True):
    """A script to test."""

    #: More cases, as TOML.
    tests: Source = ""


#: A file as base64: workbooks are no text.
Content = Annotated[str, Meta(max_length=LARGEST_REQUEST)]
FileName = Annotated[str, Meta(min_length=1, max_length=200)]


class ImportBody(Request, frozen=True, kw_only=True):
    """A form of which a script is made, as `caruso script import` does."""

    #: Ends in ``.xlsx`` for a workbook, else it is an XForm.
    file: FileName
    content: Content
    #: Tables beside it that it refers to, by their names: CSV, XML, GeoJSON, as text.
    tables: Annotated[dict[FileName, Source], Meta(max_length=MOST_CALLED)] = field(default_factory=dict)


class TextsBody(ScriptBody, frozen=True, kw_only=True):
    """A script whose texts are to be translated."""

    form: Literal["csv", "xlsx", "po"] = "csv"
    #: To translate into, beside those there are; for ``po`` the one language.
    languages: Annotated[list[Annotated[str, Meta(max_length=35)]], Meta(max_length=MOST_CALLED)] = field(
        default_factory=list
    )


class TranslateBody(ScriptBody, frozen=True, kw_only=True):
    """A script, and the file that a translator gave back."""

    #: Ends in ``.csv``, ``.xlsx`` or ``.po``.
    table: FileName
    content: Content
    #: Take only these; all when empty.
    languages: Annotated[list[Annotated[str, Meta(max_length=35)]], Meta(max_length=MOST_CALLED)] = field(
        default_factory=list
    )
    #: Version of the new script; that of the old one when empty.
    version: Annotated[str, Meta(max_length=40)] = ""


class Remark(Resource, frozen=True, kw_only=True):
    """Something of a form that is not, or not quite, in the script."""

    #: ``refused``, ``changed``, ``left-out``, ``noted``.
    effect: str
    place: str
    line: int
    what: str
    reason: str


class ImportedForm(Resource, frozen=True, kw_only=True):
    """What became of a form."""

    id: str
    #: Empty when the form would mean something else.
    script: str
    remarks: list[Remark]
    #: Items, and expressions for the values of all other nodes, by the path of the node.
    items: dict[str, str]
    values: dict[str, str]


class ExportedTexts(Resource, frozen=True, kw_only=True):
    """Texts for a translator: a file as base64."""

    texts: int
    content: str


class TranslatedScript(Resource, frozen=True, kw_only=True):
    """A script with translations in it."""

    #: Empty when one of them has a mistake.
    source: str
    #: Texts whose wording is another now, as ``id language``.
    changed: list[str]
    findings: list[Finding]


class WordsToRecord(Resource, frozen=True, kw_only=True):
    """A text that is, or could be, said from a recording."""

    language: str
    #: Empty when the script names none: a machine speaks.
    file: str
    text: str
    words: str
    line: int


class RecordableTexts(Resource, frozen=True, kw_only=True):
    """What can be recorded, in every language it is said in."""

    recordings: list[WordsToRecord]


class Findings(Resource, frozen=True, kw_only=True):
    """What is wrong with a script."""

    findings: list[Finding]


class Written(Resource, frozen=True, kw_only=True):
    """A sheet, a picture, or a test case."""

    text: str


class Led(Resource, frozen=True, kw_only=True):
    """Where the dialog stood at the beginning and after each step, as `caruso script run --json` tells it."""

    told: list[dict[str, Any]]


class Tested(Resource, frozen=True, kw_only=True):
    """What became of the test cases, as `caruso script test --json` tells it."""

    script: str
    version: str
    passed: int
    failed: int
    cases: list[dict[str, Any]]
    coverage: dict[str, Any]
