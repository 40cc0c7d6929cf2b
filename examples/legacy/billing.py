"""Wraps the billing of before, which has a SOAP interface."""

from caruso.legacy.soap import SoapService
from caruso.service_manager.hookspecs import hookimpl


class Billing(SoapService):
    """The billing of before."""

    name, version = "billing", "1.0"
    wsdl = "billing.wsdl"
    reads = ("GetBalance",)


@hookimpl
def services(parts):
    """Bring the billing."""
    return [Billing(parts.system("billing"))]
