"""Events as they happen: over Server-Sent Events, over WebSocket, and page by page."""
