"""Configuration: parsing, validation, and fingerprints."""
