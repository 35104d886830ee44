"""How networks and models learn."""
