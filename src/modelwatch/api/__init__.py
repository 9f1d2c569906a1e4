"""The Python interface: monitors on Spark, and profiles, drift and performance of one's own frames.

``import modelwatch`` offers its names. What has to do with frames runs without Spark and Java.
"""
