"""The demo: flights from New York in 2013, scored by a model that is trained on January."""
