"""The same pictures for pipes, scripts and screen readers: plain lines and JSON."""
