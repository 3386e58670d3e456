"""What junit-10.xsd of Jenkins' xUnit plugin allows, as facts to hold a report against.

Source: jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd (MIT). The
times are held to three decimals, as earlier versions of that schema want them.
"""

import re
import xml.etree.ElementTree as ET

TIME = re.compile(r"[0-9]+(\.[0-9]{0,3})?")
OUTCOME = (set(), {"type", "message"}, set())
# element: its required attributes, its optional ones, the elements that may stand in it
ELEMENTS = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError"}
        | {"system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "failure": OUTCOME,
    "error": OUTCOME,
    "skipped": OUTCOME,
    "system-out": (set(), set(), set()),
    "system-err": (set(), set(), set()),
}
MIXED = {"failure", "error", "skipped", "system-out", "system-err"}


def faults(xml: bytes) -> list[str]:
    """Return what in a report breaks the schema, or does not add up."""
    root = ET.fromstring(xml)
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for element in root.iter():
        if element.tag not in ELEMENTS:
            found.append(f"there is no element {element.tag}")
            continue
        required, optional, inside = ELEMENTS[element.tag]
        found += [f"{element.tag} has no {name}" for name in required - element.attrib.keys()]
        found += [
            f"{element.tag} may not have {name}" for name in element.attrib.keys() - required - optional
        ]
        found += [f"{each.tag} may not stand in {element.tag}" for each in element if each.tag not in inside]
        if element.tag not in MIXED and (element.text or "").strip():
            found.append(f"{element.tag} may hold no text")
        if "time" in element.attrib and not TIME.fullmatch(element.get("time")):
            found.append(f"{element.tag} has the time {element.get('time')}")
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        counted = {
            "tests": len(cases),
            "failures": sum(case.find("failure") is not None for case in cases),
            "errors": sum(case.find("error") is not None for case in cases),
            "skipped": sum(case.find("skipped") is not None for case in cases),
        }
        found += [
            f"{suite.get('name')}: {name} is {suite.get(name)} and not {number}"
            for name, number in counted.items()
            if suite.get(name) != str(number)
        ]
    for name in ("tests", "failures", "errors"):
        number = sum(int(suite.get(name)) for suite in root)
        if root.get(name) != str(number):
            found.append(f"testsuites: {name} is {root.get(name)} and not {number}")
    return found
