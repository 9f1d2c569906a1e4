"""Configuration: how it is read, checked and fingerprinted."""
