"""Hears from the warehouse what it has delivered, and notes that at the customer."""

from caruso.legacy.message_queue import QueueService
from caruso.service_manager.hookspecs import hookimpl


class Deliveries(QueueService):
    """What the warehouse has delivered."""

    name, version = "deliveries", "1.0"
    requires = ("customer",)
    # A message {"customer": "7", "delivered": "P-1"} is customer.update with these arguments.
    hears = {"warehouse.delivered": "customer.update"}


@hookimpl
def services(parts):
    """Bring the deliveries."""
    return [Deliveries(parts.system("warehouse"))]
