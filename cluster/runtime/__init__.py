"""The real-world driver: asyncio, UDP, TCP, disk."""
