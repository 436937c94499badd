"""The town rule as others would have it: bare NumPy, Mesa, SimPy. Each runs in a process of its own."""
