"""The service over HTTP: it takes webhooks in and tells how it is. It decides nothing."""
