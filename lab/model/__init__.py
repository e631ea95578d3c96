"""What a lab is, as pure values: no process, no file, no network. Imports the standard library and networkx only."""
