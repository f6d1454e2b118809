"""Microsoft's own Graph SDK, pointed at the lab, for the tests in which it is the judge."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from azure.identity import CertificateCredential, ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.serialization import AdditionalDataHolder, Parsable
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory
from tests.lab.conftest import GRAPH_SCOPE, App, Certificate

Credential = CertificateCredential | ClientSecretCredential


def options_of(app: App) -> dict[str, Any]:
    """What azure-identity needs to believe a cloud it does not know."""
    return {
        "authority": app.lab.url,
        "disable_instance_discovery": True,
        "connection_verify": str(app.lab.ca_file),
        "use_env_settings": False,
    }


@contextmanager
def by_secret(app: App) -> Iterator[ClientSecretCredential]:
    with ClientSecretCredential(app.tid, app.client_id, app.secret, **options_of(app)) as credential:
        yield credential


@contextmanager
def by_certificate(app: App, certificate: Certificate) -> Iterator[CertificateCredential]:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    data = f"{certificate.key_pem}{certificate.pem}".encode()
    with CertificateCredential(
        app.tid, app.client_id, certificate_data=data, **options_of(app)
    ) as credential:
        yield credential


def drive(app: App, work: Callable[[GraphServiceClient], Awaitable[Any]]) -> Any:
    """Run some calls of the SDK on the lab and return what `work` returns."""

    async def run() -> Any:
        context = ssl.create_default_context(cafile=str(app.lab.ca_file))
        plain = httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=True, timeout=30)
        with by_secret(app) as credential:
            http = GraphClientFactory.create_with_default_middleware(client=plain)
            provider = AzureIdentityAuthenticationProvider(credential, scopes=[GRAPH_SCOPE])
            adapter = GraphRequestAdapter(provider, http)
            adapter.base_url = f"{app.lab.url}/v1.0"
            async with plain:
                return await work(GraphServiceClient(request_adapter=adapter))

    return asyncio.run(run())


def asking(parameters: Any, **headers: str) -> Any:
    """Return the configuration of one request: its query parameters and headers."""
    configuration: Any = RequestConfiguration(query_parameters=parameters)
    for name, value in headers.items():
        configuration.headers.add(name, value)
    return configuration


def unknown(value: Any, place: str = "") -> Iterator[str]:
    """Yield what of an answer the SDK's types have no property for: it kept it as additional data."""
    if isinstance(value, list):
        for item in value:
            yield from unknown(item, place)
    elif isinstance(value, Parsable):
        place = place or type(value).__name__
        if isinstance(value, AdditionalDataHolder):
            yield from (f"{place}.{name}" for name in value.additional_data if not name.startswith("@odata."))
        for name, item in vars(value).items():
            if name != "additional_data" and isinstance(item, list | Parsable):
                yield from unknown(item, f"{place}.{name}")
