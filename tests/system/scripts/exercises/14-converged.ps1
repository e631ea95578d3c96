# Exercise 14: converged networking: three host adapters with a VLAN and a weight each.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "Converged" -NetAdapterName "Ethernet" -AllowManagementOS $false -MinimumBandwidthMode Weight | Out-Null
Set-VMSwitch -Name "Converged" -DefaultFlowMinimumBandwidthWeight 10
$plan = [ordered]@{ Management = 0, 10, "192.168.1.20"; Migration = 20, 30, "10.0.20.1"; Cluster = 30, 5, "10.0.30.1" }
foreach ($name in $plan.Keys) {
    $vlan, $weight, $address = $plan[$name]
    Add-VMNetworkAdapter -ManagementOS -Name $name -SwitchName "Converged"
    if ($vlan) { Set-VMNetworkAdapterVlan -ManagementOS -VMNetworkAdapterName $name -Access -VlanId $vlan }
    Set-VMNetworkAdapter -ManagementOS -Name $name -MinimumBandwidthWeight $weight
    if (-not (Get-NetIPAddress -InterfaceAlias "vEthernet ($name)" -IPAddress $address -ErrorAction SilentlyContinue)) {
        New-NetIPAddress -InterfaceAlias "vEthernet ($name)" -IPAddress $address -PrefixLength 24 | Out-Null
    }
}

$seen = Get-NetAdapter -Name "vEthernet*" | Sort-Object Name | Select-Object -ExpandProperty Name
Check "three host adapters" (($seen -join ", ") -eq "vEthernet (Cluster), vEthernet (Management), vEthernet (Migration)")
$vlans = Get-VMNetworkAdapterVlan -ManagementOS | Sort-Object { $_.ParentAdapter.Name } | ForEach-Object { "$($_.OperationMode) $($_.AccessVlanId)" }
Check "their VLANs" (($vlans -join ", ") -eq "Access 30, Untagged 0, Access 20")
$weights = Get-VMNetworkAdapter -ManagementOS | Sort-Object Name | ForEach-Object { $_.BandwidthSetting.MinimumBandwidthWeight }
Check "their weights" (($weights -join ", ") -eq "5, 10, 30")

foreach ($vlan in 20, 30) {
    New-VM -Name "peer$vlan" -NoVHD -SwitchName "Converged" | Out-Null
    Set-VMNetworkAdapterVlan -VMName "peer$vlan" -Access -VlanId $vlan
    Start-VM -Name "peer$vlan"
    Set-GuestAddress "peer$vlan" "10.0.$vlan.2"
}
Check "management: the office" ((HostReaches 192.168.1.10) -and (ComputerReaches pc1 192.168.1.20))
Check "migration and cluster, each in its VLAN" ((HostReaches 10.0.20.2) -and (HostReaches 10.0.30.2))
Set-VMNetworkAdapterVlan -ManagementOS -VMNetworkAdapterName "Cluster" -Access -VlanId 20
Check "in another VLAN it is cut off" (HostMisses 10.0.30.2)
Set-VMNetworkAdapterVlan -ManagementOS -VMNetworkAdapterName "Cluster" -Access -VlanId 30
