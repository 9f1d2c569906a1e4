"""Delta tables: addresses, logs, versions, and schemas."""
