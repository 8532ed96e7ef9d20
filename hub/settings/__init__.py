"""Settings: validated values for pages, command line and file; the services that save them."""
