"""What CTRF 1.0.0 allows, as facts to hold a report against; no field beside those that it names.

Source: ctrf-io/ctrf, the specification and its JSON Schema (MIT). Fields that came to 1.0.0 after its first publication
(testId, executionId, runId, labels) are left out: readers of the first one refuse them.
"""

import uuid
from collections import Counter
from datetime import datetime

STATUSES = ("passed", "failed", "skipped", "pending", "other")
WORDS, WHOLE, FLAG, OBJECT = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"type": "object"}
NAME = {"type": "string", "minLength": 1}
STATUS = {"enum": list(STATUSES)}


def closed(required, **fields):
    return {
        "type": "object",
        "required": required.split(),
        "properties": {**fields, "extra": OBJECT},
        "additionalProperties": False,
    }


def listed(item, **more):
    return {"type": "array", "items": item, **more}


ATTACHMENT = closed("name contentType path", name=WORDS, contentType=WORDS, path=WORDS)
OUTCOME = {
    "status": STATUS,
    "duration": {"type": "integer", "minimum": 0},
    "start": WHOLE,
    "stop": WHOLE,
    "message": WORDS,
    "trace": WORDS,
    "snippet": WORDS,
    "line": WHOLE,
    "stdout": listed(WORDS),
    "stderr": listed(WORDS),
    "attachments": listed(ATTACHMENT),
}
TEST = closed(
    "name status duration",
    **OUTCOME,
    id=WORDS,
    name=NAME,
    suite=listed(WORDS, minItems=1),
    rawStatus=WORDS,
    tags=listed(WORDS),
    type=WORDS,
    filePath=WORDS,
    retries={"type": "integer", "minimum": 0},
    retryAttempts=listed(
        closed("attempt status", attempt={"type": "integer", "minimum": 1}, **OUTCOME), minItems=1
    ),
    flaky=FLAG,
    threadId=WORDS,
    browser=WORDS,
    device=WORDS,
    parameters=OBJECT,
    steps=listed(closed("name status", name=WORDS, status=STATUS)),
)
SUMMARY = closed(
    "tests passed failed skipped pending other start stop",
    tests=WHOLE,
    **dict.fromkeys(STATUSES, WHOLE),
    flaky=WHOLE,
    suites=WHOLE,
    start=WHOLE,
    stop=WHOLE,
)
ENVIRONMENT = closed(
    "",
    **dict.fromkeys(
        [
            "reportName",
            "appName",
            "appVersion",
            "buildId",
            "buildName",
            "buildUrl",
            "repositoryName",
            "repositoryUrl",
            "commit",
            "branchName",
            "osPlatform",
            "osRelease",
            "osVersion",
            "testEnvironment",
        ],
        WORDS,
    ),
    buildNumber=WHOLE,
    healthy=FLAG,
)
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed(
        "reportFormat specVersion results",
        reportFormat={"const": "CTRF"},
        specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        reportId=WORDS,
        timestamp=WORDS,
        generatedBy=WORDS,
        results=closed(
            "tool summary tests",
            tool=closed("name", name=NAME, version=WORDS),
            summary=SUMMARY,
            tests=listed(TEST),
            environment=ENVIRONMENT,
        ),
    ),
}


def faults(record):
    """Return what in a report does not add up, beside what the schema says."""
    found = []
    results = record["results"]
    summary, tests = results["summary"], results["tests"]
    counted = Counter(test["status"] for test in tests)
    found += [
        f"{status} is {summary[status]} and not {counted[status]}"
        for status in STATUSES
        if summary[status] != counted[status]
    ]
    if summary["tests"] != len(tests):
        found.append(f"tests is {summary['tests']} and not {len(tests)}")
    if summary["stop"] < summary["start"]:
        found.append("it stops before it starts")
    if summary["flaky"] != sum(test.get("flaky", False) for test in tests):
        found.append("flaky tests are not all counted")
    names = [test["id"] for test in tests]
    if len(set(names)) != len(names):
        found.append("two tests have one id")
    for test in tests:
        attempts = test.get("retryAttempts", [])
        if test.get("retries", 0) != len(attempts):
            found.append(
                f"{test['name']}: {test.get('retries')} retries and {len(attempts)} attempts before the last"
            )
        if [each["attempt"] for each in attempts] != sorted(each["attempt"] for each in attempts):
            found.append(f"{test['name']}: attempts out of order")
    for name in [record["reportId"], *names]:
        uuid.UUID(name)
    if "timestamp" in record:
        assert datetime.fromisoformat(record["timestamp"]).tzinfo
    return found
