"""The window of one node: HTTP and WebSocket over a driver, and the clients that use it."""
