"""Shallow-water models."""
