# Exercise 7: legacy and synthetic adapters, and adapters added to VMs that run.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
New-VM -Name "old" -Generation 1 -NoVHD -SwitchName "S" | Out-Null
New-VM -Name "new" -Generation 2 -NoVHD -SwitchName "S" | Out-Null
Add-VMNetworkAdapter -VMName "old" -IsLegacy $true -Name "Legacy Network Adapter" -SwitchName "S"
$legacy = Get-VMNetworkAdapter -VMName "old" | Where-Object IsLegacy
Check "a legacy adapter in generation 1" ($legacy.Name -eq "Legacy Network Adapter")

Add-VMNetworkAdapter -VMName "new" -IsLegacy $true -ErrorAction SilentlyContinue -ErrorVariable refused
Check "none in generation 2" ($refused.Count -gt 0 -and @(Get-VMNetworkAdapter -VMName "new").Count -eq 1)

# As it boots from the network: a legacy adapter alone.
New-VM -Name "pxe" -Generation 1 -NoVHD | Out-Null
Get-VMNetworkAdapter -VMName "pxe" | Remove-VMNetworkAdapter
Add-VMNetworkAdapter -VMName "pxe" -IsLegacy $true -SwitchName "S"

Start-VM -Name "old", "new", "pxe"
Add-VMNetworkAdapter -VMName "old" -SwitchName "S" -ErrorAction SilentlyContinue -ErrorVariable refused
Check "generation 1 takes none while it runs" ($refused.Count -gt 0 -and @(Get-VMNetworkAdapter -VMName "old").Count -eq 2)
Add-VMNetworkAdapter -VMName "new" -Name "Second" -SwitchName "S"
Check "generation 2 does" (@(Get-VMNetworkAdapter -VMName "new").Count -eq 2)

$speeds = Invoke-Command -VMName "old" { Get-NetAdapter | Sort-Object Name | Select-Object -ExpandProperty LinkSpeed }
Check "100 Mbps and 10 Gbps" (($speeds -join ", ") -eq "10 Gbps, 100 Mbps")

$interfaces = Invoke-Command -VMName "old" { (Get-NetAdapter | Sort-Object { $_.LinkSpeed -eq "100 Mbps" }).Name }
Set-GuestAddress old 10.0.1.1 -Interface $interfaces[0]
Set-GuestAddress old 10.0.2.1 -Interface $interfaces[1]
$added = "Ethernet 2"
Set-GuestAddress new 10.0.1.2 -Interface "Ethernet"
Set-GuestAddress new 10.0.2.2 -Interface $added
Set-GuestAddress pxe 10.0.1.3
Check "a legacy adapter alone works" (Reaches pxe 10.0.1.2)
Check "both kinds work, and the added one" ((Reaches old 10.0.1.2) -and (Reaches old 10.0.2.2) -and (Reaches new 10.0.2.1))

Remove-VMNetworkAdapter -VMName "new" -VMNetworkAdapterName "Second"
Check "the added one can be taken out" (@(Get-VMNetworkAdapter -VMName "new").Count -eq 1 -and (Misses old 10.0.2.2) -and (Reaches old 10.0.1.2))
