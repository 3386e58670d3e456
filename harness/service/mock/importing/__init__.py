"""Imports into a mock: files of devices with known keys, products and AccessKeys, looked at before anything is made."""
