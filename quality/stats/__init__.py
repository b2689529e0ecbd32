"""The statistics of Concord: pure numpy, no framework, no database, no clock, no settings.

One input type (`ratings.Ratings`: long format, integer codes), frozen results, randomness only through a
passed generator. Nothing here builds an annotator x item matrix. docs/metrics.md describes every figure.
"""
