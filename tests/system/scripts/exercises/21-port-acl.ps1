# Exercise 21: port ACLs: all but one subnet is blocked, in whatever order, and counted.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
$addresses = @{ web1 = "10.0.0.1"; near = "10.0.0.2"; nearby = "10.0.0.130" }
foreach ($name in $addresses.Keys) {
    New-VM -Name $name -NoVHD -SwitchName "S" | Start-VM
    Set-GuestAddress $name $addresses[$name]
}
Check "before: both" ((Reaches near 10.0.0.1) -and (Reaches nearby 10.0.0.1))

Add-VMNetworkAdapterAcl -VMName "web1" -RemoteIPAddress 10.0.0.0/25 -Direction Both -Action Allow
Add-VMNetworkAdapterAcl -VMName "web1" -RemoteIPAddress ANY -Direction Both -Action Deny
Check "Both is two entries" (@(Get-VMNetworkAdapterAcl -VMName "web1").Count -eq 4)
Check "allowed" ((Reaches near 10.0.0.1) -and (Reaches web1 10.0.0.2))
Check "denied" ((Misses nearby 10.0.0.1) -and (Misses web1 10.0.0.130))
Check "the switch says why" (@(Get-LabDrop web1).Count -gt 0)

# The other way round it is the same: the longest prefix counts.
Get-VMNetworkAdapterAcl -VMName "web1" | Remove-VMNetworkAdapterAcl
Check "without entries: both again" ((Reaches near 10.0.0.1) -and (Reaches nearby 10.0.0.1))
Add-VMNetworkAdapterAcl -VMName "web1" -RemoteIPAddress ANY -Direction Both -Action Deny
Add-VMNetworkAdapterAcl -VMName "web1" -RemoteIPAddress 10.0.0.0/25 -Direction Both -Action Allow
Check "the order does not matter" ((Reaches near 10.0.0.1) -and (Misses nearby 10.0.0.1))
Remove-VMNetworkAdapterAcl -VMName "web1" -RemoteIPAddress 10.0.0.0/25 -Direction Both -Action Allow
Check "what was taken away" (Misses near 10.0.0.1)
Get-VMNetworkAdapterAcl -VMName "web1" | Remove-VMNetworkAdapterAcl

Add-VMNetworkAdapterAcl -VMName "web1" -RemoteIPAddress 10.0.0.2 -Direction Both -Action Meter
Check "metered" (Reaches near 10.0.0.1)
foreach ($try in 1..30) {
    $bytes = @((Get-VMNetworkAdapterAcl -VMName "web1" | Where-Object Action -eq "Meter").MeteredBytes)
    if (-not ($bytes | Where-Object { $_ -lt 60 })) { break }
    Start-Sleep -Milliseconds 100
}
Check "bytes both ways" ($bytes.Count -eq 2 -and -not ($bytes | Where-Object { $_ -lt 60 }))
