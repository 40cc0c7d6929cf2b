"""Wraps the company's ERP, which has a REST interface."""

from caruso.legacy.rest import RestService
from caruso.service_manager.hookspecs import hookimpl


class Erp(RestService):
    """The company's ERP."""

    name, version = "erp", "1.0"
    document = "erp.openapi.yaml"
    only = ("findCustomers", "getCustomer", "bookReading")
    headers = {"Authorization": "Bearer {secret}"}
    heeds_idempotency_key = True


@hookimpl
def services(parts):
    """Bring the ERP."""
    return [Erp(parts.system("erp"))]
