"""Small forms for the tests of the importer."""

from __future__ import annotations

from collections.abc import Mapping

_HEAD = (
    '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
    'xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms">'
)

#: Nodes that expressions of the tests read.
NODES = {
    "name": "string",
    "age": "int",
    "weight": "decimal",
    "born": "date",
    "kind": "select1",
    "kinds": "select",
    "result": "string",
}
BODY = """
<input ref="/data/name"><label>Name</label></input>
<input ref="/data/age"><label>Age</label></input>
<input ref="/data/weight"><label>Weight</label></input>
<input ref="/data/born"><label>Born</label></input>
<select1 ref="/data/kind"><label>Kind</label>
  <item><label>Gas</label><value>gas</value></item><item><label>Power</label><value>power</value></item></select1>
<select ref="/data/kinds"><label>Kinds</label>
  <item><label>Gas</label><value>gas</value></item><item><label>Power</label><value>power</value></item></select>
"""


def form(model: str, body: str, *, title: str = "Test", itext: str = "") -> bytes:
    """Return a whole form; `model` begins with the children of its data, then ``---``, then binds and tables."""
    data, _, rest = model.partition("---")
    return (
        f"{_HEAD}<h:head><h:title>{title}</h:title><model>{itext}"
        f'<instance><data id="test" version="7">{data}</data></instance>{rest}</model></h:head>'
        f"<h:body>{body}</h:body></h:html>"
    ).encode()


def with_expression(
    attribute: str, source: str, *, more: str = "", binds: Mapping[str, str] | None = None
) -> bytes:
    """Return a form whose node ``result`` is bound with an expression."""
    written = source.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    kinds = {**NODES, **(binds or {})}
    data = "".join(f"<{name}/>" for name in kinds)
    bound = "".join(
        f'<bind nodeset="/data/{name}" type="{kind}"'
        + (f' {attribute}="{written}"' if name == "result" else "")
        + "/>"
        for name, kind in kinds.items()
    )
    return form(f"{data}---{bound}{more}", BODY)
