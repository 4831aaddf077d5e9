"""The OpenAPI document, against the service itself."""

import pytest
import requests

#: answers without end, numbers in another format, and files of the page
LEFT_OUT = ("/jobs/{job}/events", "/metrics")


@pytest.fixture(scope="module")
def document(service):
    return requests.get(f"{service.url}/openapi.json", timeout=30).json()


@pytest.mark.filterwarnings("default")
def test_every_operation_answers_as_it_says(service, document):
    """Bounded: a few made-up requests to each operation. Statuses, content types and bodies are those declared."""
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
    bounds = settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=service.url)
    asked, failures = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in LEFT_OUT:
            continue

        @bounds
        @given(case=operation.as_strategy())
        def ask(case):
            nonlocal asked
            asked += 1
            case.call_and_validate(checks=checks, timeout=60)

        try:
            ask()
        except Exception as failure:
            failures.append(f"{operation.method.upper()} {operation.path}: {failure}")
    assert not failures, "\n\n".join(failures)
    assert asked > 50


def test_what_the_document_holds(document):
    own = {"/remove_background", "/jobs", "/jobs/{job}/result", "/v1.0/removebg", "/api/remove"}
    assert own <= set(document["paths"])
    post = document["paths"]["/remove_background"]["post"]
    assert "image" in post["requestBody"]["content"]["multipart/form-data"]["schema"]["required"]
    names = {parameter["name"] for parameter in post["parameters"]}
    assert {"model", "only", "background", "format", "crop", "margin", "smooth"} <= names
    assert "application/problem+json" in post["responses"]["503"]["content"]


def test_keys_are_described(document, own_service, tmp_path):
    from gigamatte.service.keys import digest

    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    assert "security" not in document
    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as service:
        described = requests.get(f"{service.url}/openapi.json", timeout=30).json()
        assert described["security"] == [{"ApiKey": []}, {"Bearer": []}]
        # what it says is what happens
        for path, methods in described["paths"].items():
            if "get" in methods and "{" not in path:
                needed = methods["get"].get("security", described["security"]) != []
                status = requests.get(service.url + path, timeout=30).status_code
                assert (status in (401, 403)) == needed, path  # 403 is remove.bg's
