"""The public face: what embedders and plug-in authors import. Re-exports only."""
