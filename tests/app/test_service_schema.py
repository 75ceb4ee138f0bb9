"""Conformance of the service to its documentation, by requests that schemathesis generates from it."""

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.support.serving import KEY, KNOWN, PREDICT, served

# ignored_auth is left out: it changes one of the two headers, and the key in the other one is still valid.
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
ROUTES = {
    ("/v1/predict", "post"),
    ("/v1/enrol", "post"),
    ("/v1/models", "get"),
    ("/healthz", "get"),
    ("/metrics", "get"),
}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(keys=KNOWN) as client:
        client.headers["X-API-Key"] = KEY
        yield client


def test_the_documentation_has_every_route_with_every_error_in_the_common_shape(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {(path, method) for path, methods in paths.items() for method in methods} == ROUTES
    responses = paths[PREDICT]["post"]["responses"]
    assert set(responses) == {"200", "400", "401", "408", "413", "415", "422", "429", "500", "503"}
    shapes = {
        response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in paths.values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status != "200"
    }
    assert shapes == {"Problem"}
    assert {"Retry-After"} == set(responses["429"]["headers"]) == set(responses["503"]["headers"])


@pytest.mark.slow
def test_requests_made_from_the_documentation_get_the_documented_answers(client: httpx.Client) -> None:
    schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
    operations = [one.ok() for one in schema.get_all_operations()]
    assert {(one.path, one.method.lower()) for one in operations} == ROUTES
    statuses: set[int] = set()
    for operation in operations:
        wrong = [schemathesis.GenerationMode.NEGATIVE] if operation.body else []  # the other operations have no body
        for mode in [schemathesis.GenerationMode.POSITIVE, *wrong]:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            def answered(case: schemathesis.Case) -> None:
                response = case.call(headers={"X-API-Key": KEY})
                statuses.add(response.status_code)
                case.validate_response(response, checks=CHECKS)

            answered()
    assert {200, 422} <= statuses


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300), kind=st.sampled_from(["multipart/form-data; boundary=a", "text/plain", 'x;;="'])
)
def test_any_bytes_have_an_answer(client: httpx.Client, content: bytes, kind: str) -> None:
    response = client.post(PREDICT, content=content, headers={"Content-Type": kind})
    assert response.status_code in (400, 415, 422)
    assert list(response.json()) == ["detail"]
