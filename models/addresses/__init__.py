"""Cuts written and spoken addresses into their elements: city, district, road, number."""
