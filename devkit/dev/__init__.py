"""The running platform: webserver, daemon, code servers, and what follows a saved file."""
