# Exercise 11: two VLANs, a VM in none, and a router on a stick that joins them.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
$plan = @{ ten1 = 10; ten2 = 10; twenty1 = 20; twenty2 = 20; plain = 0 }
$number = 0
foreach ($name in "ten1", "ten2", "twenty1", "twenty2", "plain") {
    $number++
    New-VM -Name $name -NoVHD -SwitchName "S" | Out-Null
    if ($plan[$name]) { Set-VMNetworkAdapterVlan -VMName $name -Access -VlanId $plan[$name] }
    Start-VM -Name $name
    Set-GuestAddress $name "10.0.0.$number"
}
Check "the same VLAN" ((Reaches ten1 10.0.0.2) -and (Reaches twenty1 10.0.0.4))
Check "different VLANs" ((Misses ten1 10.0.0.3) -and (Misses twenty2 10.0.0.2))
Check "untagged hears neither" ((Misses plain 10.0.0.1) -and (Misses ten1 10.0.0.5) -and (Misses twenty1 10.0.0.5))
$modes = Get-VMNetworkAdapterVlan | Sort-Object VMName | ForEach-Object { "$($_.ParentAdapter.VMName) $($_.OperationMode) $($_.AccessVlanId)" }
Check "the modes" (($modes -join ", ") -eq "plain Untagged 0, ten1 Access 10, ten2 Access 10, twenty1 Access 20, twenty2 Access 20")

# The router has one adapter, which carries both VLANs with their tags.
New-VM -Name "router" -NoVHD -SwitchName "S" | Out-Null
Set-VMNetworkAdapterVlan -VMName "router" -Trunk -AllowedVlanIdList "10,20" -NativeVlanId 0
Add-LabVlanInterface router -VlanId 10 -IPAddress 10.0.10.254/24
Add-LabVlanInterface router -VlanId 20 -IPAddress 10.0.20.254/24
Set-LabVM router -Forwarding $true
Start-VM -Name "router"
Set-GuestAddress ten1 10.0.10.1 -Gateway 10.0.10.254
Set-GuestAddress twenty1 10.0.20.1 -Gateway 10.0.20.254
Check "the router in both VLANs" ((Reaches ten1 10.0.10.254) -and (Reaches twenty1 10.0.20.254))
Check "through the router" ((Reaches ten1 10.0.20.1) -and (Reaches twenty1 10.0.10.1))
