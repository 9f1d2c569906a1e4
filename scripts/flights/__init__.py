"""The demo: the flights that left New York in 2013, scored by a model fit on January only."""
