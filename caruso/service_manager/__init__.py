"""Registration and look-up of services: whoever asks for an operation never knows who carries it out, or where."""

from caruso.service_manager.failures import (
    BadArguments,
    OutcomeUnknown,
    ServiceBusy,
    ServiceFailed,
    UnknownOperation,
    UnknownService,
)
from caruso.service_manager.manager import ServiceManager
from caruso.service_manager.service import Service, operation

__all__ = [
    "BadArguments",
    "OutcomeUnknown",
    "Service",
    "ServiceBusy",
    "ServiceFailed",
    "ServiceManager",
    "UnknownOperation",
    "UnknownService",
    "operation",
]
