"""What the routes of the admin API share: the answers they may give besides the good one."""

from typing import Any

from fastapi import HTTPException

from harness.service.mock.api.models import Problem

Responses = dict[int | str, dict[str, Any]]

NOT_THERE: Responses = {404: {"model": Problem, "description": "There is no such thing."}}
REFUSED: Responses = {
    409: {"model": Problem, "description": "The service's rules forbid it; `error` says which."}
}


def not_there(what: str) -> HTTPException:
    """Return the error for something that does not exist."""
    return HTTPException(404, f"{what} does not exist")


def links(name: str, *operations: str) -> dict[str, Any]:
    """Describe which operations take a value of the answer in their path.

    Args:
        name: Of the value in the answer, and of the parameter in the path.
        operations: Their operation ids.
    """
    return {
        "links": {
            operation: {
                "operationId": operation,
                "parameters": {f"path.{name}": f"$response.body#/{name}"},
            }
            for operation in operations
        }
    }
