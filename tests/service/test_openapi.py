"""The OpenAPI document, against the service itself."""

import pytest
import requests

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
from hypothesis import HealthCheck, Phase, settings  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def schema(service):
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json")


lazy = schemathesis.pytest.from_fixture("schema")


@lazy.exclude(path_regex="^/(metrics|assets|jobs/.job./events)").parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_it_says(case):
    checks = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
    case.call_and_validate(checks=checks, timeout=60)


def test_what_the_document_holds(service):
    document = requests.get(f"{service.url}/openapi.json", timeout=30).json()
    assert {"/remove_background", "/jobs", "/jobs/{job}/result", "/v1.0/removebg", "/api/remove"} <= set(
        document["paths"]
    )
    post = document["paths"]["/remove_background"]["post"]
    assert "image" in post["requestBody"]["content"]["multipart/form-data"]["schema"]["required"]
    names = {parameter["name"] for parameter in post["parameters"]}
    assert {"model", "only", "background", "format", "crop", "margin", "smooth"} <= names
    assert "application/problem+json" in post["responses"]["503"]["content"]
