"""What is said. One module per conversation; its docstring is the protocol."""
