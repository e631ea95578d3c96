# Puts two VMs into a VLAN, lets one of them reach the other, and counts what it sends.
$servers = Get-VM web*
$servers | Get-VMNetworkAdapter | Set-VMNetworkAdapterVlan -Access -VlanId 10
Get-VMNetworkAdapter -VMName mon | Set-VMNetworkAdapterVlan -Access -VlanId 10

Add-VMNetworkAdapterAcl -VMName web2 -RemoteIPAddress ANY -Direction Inbound -Action Deny
Add-VMNetworkAdapterAcl -VMName web2 -RemoteIPAddress 10.0.0.1 -Direction Inbound -Action Allow
Add-VMNetworkAdapterAcl -VMName web1 -RemoteIPAddress 10.0.0.0/24 -Direction Outbound -Action Meter
Add-VMNetworkAdapterExtendedAcl -VMName mon -Action Deny -Direction Inbound -RemoteIPAddress 10.0.0.1 -Weight 10

Get-VMNetworkAdapterVlan
