"""The agent's objects: their names, which are asked for, where their files are, what their confs say."""
