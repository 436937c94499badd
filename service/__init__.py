"""What is started: settings, CLI, embedded servers, logging, the process table."""
