"""Files of another backend's shapes become world files, with a report of what became what."""
