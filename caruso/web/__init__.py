"""Every HTTP and WebSocket edge: sign-in, REST API, the agent's console socket, the monitor's socket."""
