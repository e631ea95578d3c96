# Exercise 13: a private VLAN with a gateway, two isolated VMs and two of a community.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
$addresses = @{ gateway = "10.0.0.1"; alone1 = "10.0.0.2"; alone2 = "10.0.0.3"; both1 = "10.0.0.4"; both2 = "10.0.0.5"; other = "10.0.0.6" }
foreach ($name in $addresses.Keys) { New-VM -Name $name -NoVHD -SwitchName "S" | Out-Null }
Set-VMNetworkAdapterVlan -VMName gateway -Promiscuous -PrimaryVlanId 10 -SecondaryVlanIdList 200-202
Set-VMNetworkAdapterVlan -VMName alone1, alone2 -Isolated -PrimaryVlanId 10 -SecondaryVlanId 200
Get-VMNetworkAdapter -VMName both1, both2 | Set-VMNetworkAdapterVlan -Community -PrimaryVlanId 10 -SecondaryVlanId 201
Set-VMNetworkAdapterVlan -VMName other -Community -PrimaryVlanId 10 -SecondaryVlanId 202
Get-VM | Start-VM
foreach ($name in $addresses.Keys) { Set-GuestAddress $name $addresses[$name] }

$expected = "gateway alone1", "gateway alone2", "gateway both1", "gateway both2", "gateway other", "both1 both2"
$wrong = Test-LabMatrix -From gateway, alone*, both*, other -To gateway, alone*, both*, other | Where-Object {
    $_.Measured -ne ("$($_.From) $($_.To)" -in $expected -or "$($_.To) $($_.From)" -in $expected)
}
$wrong | Out-Host
Check "who hears whom" (-not $wrong)
Check "isolated and promiscuous" ((Reaches alone1 10.0.0.1) -and (Reaches gateway 10.0.0.2))
Check "isolated and isolated" (Misses alone1 10.0.0.3)
Check "one community" ((Reaches both1 10.0.0.5) -and (Misses both1 10.0.0.6) -and (Misses both1 10.0.0.2))
$modes = Get-VMNetworkAdapterVlan -VMName gateway, alone1, both1 | ForEach-Object { "$($_.OperationMode) $($_.PrivateVlanMode) $($_.PrimaryVlanId)" }
Check "the settings" (($modes -join ", ") -eq "Private Promiscuous 10, Private Isolated 10, Private Community 10")
