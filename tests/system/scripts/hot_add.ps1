# Gives a VM that runs another adapter, and takes it out again.
$before = (Get-VMNetworkAdapter -VMName web1).MacAddress
Rename-VMNetworkAdapter -VMName web1 -NewName Front
Add-VMNetworkAdapter -VMName web1 -SwitchName Lab
if ((Get-VMNetworkAdapter -VMName web1 -Name Front).MacAddress -ne $before) { throw "another MAC address" }
$new = Get-VMNetworkAdapter -VMName web1 -Name "Network Adapter"
if ($new.MacAddress -eq "000000000000") { throw "no MAC address" }
"$($new.Name) on $($new.SwitchName): $($new.Status)"
Remove-VMNetworkAdapter -VMNetworkAdapter $new
@(Get-VMNetworkAdapter -VMName web1).Count
