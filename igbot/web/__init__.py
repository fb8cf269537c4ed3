"""The two HTTP listeners: the public one that Meta calls, and the management one for whoever runs igbot."""
