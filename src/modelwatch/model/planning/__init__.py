"""The plan of a run: windows, references, retention, and cost."""
