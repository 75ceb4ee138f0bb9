"""The web page and the HTTP service: thin, over `ser.serving.recognition`."""
