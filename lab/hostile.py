"""Scripts made to hurt whoever reads them, and a measure of what reading them costs.

``python -m lab.hostile`` prints processor time and memory for each, every one in a process of its own. The tests
take the same inputs, but not the large ones, and see that they are refused, with a place.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

PUBLIC = '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">'
DIALOG = '<dialog id="d" version="1" languages="en"><title>t</title>{}<end id="e" outcome="done"/></dialog>'


def _laughs() -> str:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE dialog [<!ENTITY a0 "ha">{entities}]><dialog>&a9;</dialog>'


def _infos(condition: Callable[[int], str], number: int) -> str:
    return DIALOG.format(
        "".join(f'<info id="i{n}" ask-if="{condition(n)}"><text>x</text></info>' for n in range(number))
    )


def _question(attributes: str) -> str:
    return DIALOG.format(f'<question id="q" {attributes}><text>x</text></question>')


#: By what they try; the rule that refuses them.
SCRIPTS: Mapping[str, tuple[Callable[[], str | bytes], str]] = {
    "billion laughs": (_laughs, "internal-subset"),
    "laughs without a document type": (lambda: "<dialog>" + "&a;" * 100_000 + "</dialog>", "xml"),
    "a file of the server": (
        lambda: '<!DOCTYPE dialog [<!ENTITY x SYSTEM "file:///etc/passwd">]><dialog>&x;</dialog>',
        "internal-subset",
    ),
    "a parameter entity": (
        lambda: PUBLIC.replace(">", ' [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>') + DIALOG.format(""),
        "internal-subset",
    ),
    "somebody else's document type": (
        lambda: '<!DOCTYPE dialog SYSTEM "http://127.0.0.1:9/x.dtd">' + DIALOG.format(""),
        "foreign-doctype",
    ),
    "an included file": (
        lambda: DIALOG.format('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
        "dtd",
    ),
    "50 MB": (lambda: b"<dialog>" + b" " * 50_000_000 + b"</dialog>", "too-large"),
    "50 MB of nonsense": (lambda: b"\xff" * 50_000_000, "too-large"),
    "10,000 levels": (lambda: "<dialog>" * 10_000 + "</dialog>" * 10_000, "too-deep"),
    "100,000 levels, never closed": (lambda: "<dialog>" * 100_000, "too-deep"),
    "many elements": (lambda: DIALOG.format("<note/>" * 60_000), "too-many-elements"),
    "an attribute without end": (lambda: '<dialog a="' + "x" * 990_000, "xml"),
    "a comment without end": (lambda: "<!--" + "-" * 990_000, "xml"),
    "a document type without end": (lambda: "<!DOCTYPE dialog " + "[" * 990_000, "internal-subset"),
    "an expression of 100,000 terms": (lambda: _infos(lambda _: "1+" * 100_000 + "1", 1), "expression-too-long"),
    "brackets": (lambda: _infos(lambda _: "(" * 3_999, 1), "expression"),
    "lists in lists": (lambda: _infos(lambda _: "[" * 60 + "]" * 60, 10), "expression-too-deep"),
    "long expressions": (lambda: _infos(lambda n: f"{n} = " + " + ".join(["a.b"] * 570), 3), "unknown-name"),
    "the largest number": (lambda: _infos(lambda _: "9" * 3_900 + " = 1", 1), "expression"),
    "a catastrophic pattern": (lambda: _question('pattern="(a+)+b"'), ""),
    "patterns in patterns": (lambda: _question('pattern="((((a{9}){9}){9}){9}){9}"'), "pattern"),
    "a pattern of 10,000 signs": (lambda: _question(f'pattern="{"a" * 10_000}"'), "pattern"),
}

#: The same by the thousand: each is bounded, and there cannot be more than fit into a script.
LARGE: Mapping[str, tuple[Callable[[], str | bytes], str]] = {
    "many attributes": (lambda: "<dialog " + " ".join(f"a{n}='1'" for n in range(80_000)) + "/>", "dtd"),
    "brackets, many times": (lambda: _infos(lambda _: "(" * 3_999, 240), "expression"),
    "lists in lists, many times": (lambda: _infos(lambda _: "[" * 60 + "]" * 60, 4_900), "expression-too-deep"),
    "long expressions, many times": (
        lambda: _infos(lambda n: f"{n} = " + " + ".join(["a.b"] * 570), 250),
        "unknown-name",
    ),
    "names that are nearly alike": (
        lambda: _infos(lambda n: f"answers.{'name_' * 11}x{n} = 1 and answers.{'name_' * 11}y{n} = 2", 3_000),
        "unknown-name",
    ),
    "services by the thousand": (
        lambda: DIALOG.format(
            "".join(
                f'<info id="i{n}"><text>x</text><do service="a.b" when="background"/>'
                f'<next if="a{n}" to="i{n * 7 % 1_600}"/></info>'
                for n in range(1_600)
            )
        ),
        "unknown-name",
    ),
    "handlers by the thousand": (
        lambda: DIALOG.format(
            "".join(f'<on event="help" attempt="{n + 1}"><next to="e"/></on>' for n in range(1_500))
            + "".join(f'<info id="i{n}"><text>x</text></info>' for n in range(1_500))
        ),
        "",
    ),
    "groups in groups": (
        lambda: DIALOG.format(
            "".join(f'<group id="g{n}"><title>x</title>' for n in range(55))
            + "".join(f'<info id="i{n}"><text>x</text></info>' for n in range(4_000))
            + "</group>" * 55
        ),
        "",
    ),
    "patterns by the thousand": (
        lambda: DIALOG.format(
            "".join(
                f'<question id="q{n}" pattern="((a{{9}}){{9}}){{9}}{n}"><text>x</text></question>'
                for n in range(4_000)
            )
        ),
        "",
    ),
}


def measure(name: str) -> str:
    """Return what checking one of them costs."""
    from caruso.script_engine.lint import check_source

    made = {**SCRIPTS, **LARGE}[name][0]()
    source = made if isinstance(made, bytes) else made.encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    findings = check_source(source, "x.xml")
    spent = time.process_time() - begun
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    first = findings[0].rule if findings else "accepted"
    cost = f"{len(source):>11,} bytes {spent * 1000:8.0f} ms {grown:6.0f} MB"
    return f"  {name:32} {cost}   {first}, {len(findings)} findings"


def main() -> None:
    """Print a table."""
    if len(sys.argv) > 1:
        print(measure(sys.argv[1]))
        return
    for name in (*SCRIPTS, *LARGE):
        subprocess.run([sys.executable, "-m", "lab.hostile", name], check=True)


if __name__ == "__main__":
    main()
