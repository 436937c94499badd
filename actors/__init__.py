"""Who acts. Each module is one actor: a thin shell over a pure half.

Exports nothing: Thespian imports actors by module path in other processes.
"""
