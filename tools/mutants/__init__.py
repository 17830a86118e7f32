"""Mutants: small changes of lib/, one at a time, each of which a test should notice."""
