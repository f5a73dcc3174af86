"""The network: encoder, behaviour, factors, fusion, heads, and the bundle that carries them. Pure."""
