"""Champion and challenger compared."""
