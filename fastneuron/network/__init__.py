"""Networks: populations, sources of spikes, and who is connected to whom.  Declarations only: nothing here runs."""
