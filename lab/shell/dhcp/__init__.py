"""DHCP servers as the cmdlets of module DhcpServer see them."""
