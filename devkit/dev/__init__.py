"""The running platform: webserver, daemon, code servers, and reloads when a file is saved."""
