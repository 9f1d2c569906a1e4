"""The Python interface: monitors on Spark; profiles, drift, and performance of data frames.

``import modelwatch`` provides its names. Functions for data frames need neither Spark nor Java.
"""
