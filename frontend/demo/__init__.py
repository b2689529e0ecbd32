"""The demo project: written for this purpose, labeled by six simulated people, the same at every start."""
