"""All operations of the REST API, for those who describe them: OpenAPI, TypeScript, tests."""

from __future__ import annotations

from caruso.web.api import Api
from caruso.web.binding import Operation, operations_of
from caruso.web.callback_api import CallbackApi
from caruso.web.decision_api import DecisionApi
from caruso.web.recording_api import RecordingApi
from caruso.web.report_api import ReportApi
from caruso.web.script_library_api import ScriptLibraryApi
from caruso.web.script_tools import ScriptTools
from caruso.web.services_api import ServicesApi
from caruso.web.supervision_api import SupervisionApi
from caruso.web.task_api import TaskApi
from caruso.web.voicemail_api import VoicemailApi

#: The classes that declare operations, in the order of the description.
APIS: tuple[type, ...] = (
    Api,
    CallbackApi,
    VoicemailApi,
    SupervisionApi,
    RecordingApi,
    DecisionApi,
    ReportApi,
    TaskApi,
    ScriptTools,
    ScriptLibraryApi,
    ServicesApi,
)


def declared_operations() -> tuple[Operation, ...]:
    """Return the operations as they are declared; they cannot be carried out."""
    return tuple(operation for kind in APIS for operation in operations_of(object.__new__(kind)))
