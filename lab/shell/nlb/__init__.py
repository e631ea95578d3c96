"""Clusters of Network Load Balancing as the cmdlets of module NetworkLoadBalancingClusters see them."""
