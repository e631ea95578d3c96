# Exercise 8: the pool of dynamic MAC addresses.
. "$PSScriptRoot\checks.ps1"

$default = Get-VMHost | Select-Object MacAddressMinimum, MacAddressMaximum
Check "the pool is of the host's address" ($default.MacAddressMinimum -eq "00155D011400" -and $default.MacAddressMaximum -eq "00155D0114FF")

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
New-VM -Name "first" -NoVHD -SwitchName "S" | Out-Null
Check "no address before the first start" ((Get-VMNetworkAdapter -VMName "first").MacAddress -eq "000000000000")
Start-VM -Name "first"
$first = (Get-VMNetworkAdapter -VMName "first").MacAddress
Check "an address of the pool" ($first -like "00155D0114*")

Set-VMHost -MacAddressMinimum 00155D020600 -MacAddressMaximum 00155D020601
1..2 | ForEach-Object { New-VM "next$_" -NoVHD -SwitchName "S" | Out-Null; Start-VM "next$_" }
$next = (Get-VMNetworkAdapter -VMName "next1", "next2").MacAddress | Sort-Object
Check "new adapters follow the new range" (($next -join " ") -eq "00155D020600 00155D020601")
Check "old ones keep theirs" ((Get-VMNetworkAdapter -VMName "first").MacAddress -eq $first)

New-VM -Name "last" -NoVHD -SwitchName "S" | Out-Null
Start-VM -Name "last" -ErrorAction SilentlyContinue -ErrorVariable refused
Check "an exhausted pool refuses the start" ($refused.Count -gt 0 -and (Get-VM -Name "last").State -eq "Off")

Set-GuestAddress first 10.0.0.1
Set-GuestAddress next1 10.0.0.2
Check "frames have these addresses" (Reaches first 10.0.0.2)
$seen = Invoke-Command -VMName "first" { (Get-NetNeighbor -IPAddress 10.0.0.2).LinkLayerAddress }
Check "as the neighbour sees" ($next -contains ($seen -replace "[-:]"))

Set-VMHost -MacAddressMinimum $default.MacAddressMinimum -MacAddressMaximum $default.MacAddressMaximum
