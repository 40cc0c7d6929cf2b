"""Public self-service: dialogs on the web without an agent, under ``/s/<script>`` (docs/self-service.md)."""
