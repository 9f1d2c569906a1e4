"""Performance estimated where labels are not known yet."""
