"""What runs Proviso on one machine: the demo, the tests, the gates, their servers."""
